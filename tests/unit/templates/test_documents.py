"""MJML and styles."""

import pytest

from infrastructure.templates.documents import Documents, NotMjml, TooComplex, with_preheader

MJML = "<mjml><mj-head>{}</mj-head><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


def test_mjml_inlines_the_styles_that_ask_for_it() -> None:
    style = '<mj-style inline="inline">.a { color: red }</mj-style><mj-style>.b { color: blue }</mj-style>'

    html = Documents().html_of_mjml(MJML.format(style, '<mj-text><i class="a">x</i></mj-text>'))

    assert '<i class="a" style="color: red;">x</i>' in html
    assert ".b { color: blue }" in html


def test_no_font_comes_from_elsewhere_unless_it_is_asked_for() -> None:
    text = '<mj-text font-family="Roboto">x</mj-text>'

    assert "googleapis" not in Documents().html_of_mjml(MJML.format("", text))
    assert "//fonts.test" in Documents().html_of_mjml(
        MJML.format('<mj-font name="Roboto" href="https://fonts.test/r.css" />', text)
    )


@pytest.mark.parametrize("source", ["", "x", "<p>x</p>", "<mjml><mj-body>", "<mjml></mj-body></mjml>"])
def test_what_is_no_mjml_is_told(source: str) -> None:
    with pytest.raises(NotMjml):
        Documents().html_of_mjml(source)


@pytest.mark.parametrize("item", ["<p>x", "<li>x", "<tr><td>x", "<br>", "<img src=x>", "<hr/>", "<p>x</p>"])
def test_a_long_document_is_not_taken_for_a_deep_one(item: str) -> None:
    assert Documents().inlined(f"<ul>{item * 1_000}</ul>")


def test_a_deep_document_is_refused() -> None:
    for source in ("<div>" * 300, "<DIV>" * 300, "<div\n>" * 300, "<div></p>" * 300, "<a b='<'>" * 300):
        with pytest.raises(TooComplex):
            Documents().inlined(source)


def test_styles_are_refused_when_there_are_too_many_for_the_elements() -> None:
    with pytest.raises(TooComplex):
        Documents().inlined("<style>" + "p{a:b}" * 1_000 + "</style>" + "<p>x</p>" * 1_000)
    assert Documents().inlined("<style>" + "p{a:b}" * 100 + "</style>" + "<p>x</p>" * 1_000)


def test_a_preheader_comes_first_and_is_hidden() -> None:
    html = with_preheader('<html><body class="x"><p>a</p></body></html>', "<Soon>")

    assert html.startswith('<html><body class="x"><div style="display:none')
    assert "&lt;Soon&gt;</div><p>a</p>" in html
    assert with_preheader("<p>a</p>", "Soon").endswith("Soon</div><p>a</p>")
