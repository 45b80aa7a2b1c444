"""HTML as text."""

import pytest

from infrastructure.templates.plain_text import text_of


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("<p>Hello\n  <b>Ann</b>&amp;&nbsp;Bob</p>", "Hello Ann& Bob\n"),
        ("<h1>Title</h1><p>One</p><p>Two<br>lines</p>", "Title\n\nOne\n\nTwo\nlines\n"),
        ('<a href="https://x.test/?a=1&amp;b=2">Open</a> it', "Open (https://x.test/?a=1&b=2) it\n"),
        ('<a href="https://x.test">https://x.test</a>', "https://x.test\n"),
        ('<a href="mailto:a@x.test">a@x.test</a> <a href="#top">up</a>', "a@x.test up\n"),
        ('<a href="https://x.test"><img src="i.png" alt="Logo"></a>', "Logo (https://x.test)\n"),
        ('<a href="https://x.test"><img src="i.png"></a>', "https://x.test\n"),
        ('<a href="https://x.test"><div>Over</div><div>lines</div></a>', "Over\nlines\nhttps://x.test\n"),
        ("<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>", "- a\n- b\n  - c\n"),
        ("<ol><li>a</li><li>b</li></ol>", "1. a\n2. b\n"),
        ("<ul><li>a<li>b</ul>", "- a\n- b\n"),
        ("<table><tr><th>Item</th><th>Price</th></tr><tr><td>x</td><td>1</td></tr></table>", "Item Price\nx 1\n"),
        ("<title>t</title><style>p{}</style><script>x</script><p>a</p>", "a\n"),
        ('<div style="DISPLAY : none">pre<div>header</div></div><p>a</p>', "a\n"),
        ('<p>a<img style="display:none" src="x">b</p>', "ab\n"),
        ("<p hidden>x</p><p>a\u200b\u200cb\u00ad</p>", "ab\n"),
        ("<!--[if mso]><p>x</p><![endif]--><p>a</p>", "a\n"),
        ("<p>a</p><hr><p>b</p>", "a\n\n---\n\nb\n"),
        ("</ul></a></li><b>a", "a\n"),
    ],
)
def test_text_says_what_a_reader_would_see(html: str, expected: str) -> None:
    assert text_of(html) == expected
