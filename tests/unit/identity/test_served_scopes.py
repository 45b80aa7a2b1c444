"""What a key may do where only some modules are served."""

from hypothesis import given
from hypothesis import strategies as st

from domain.identity.scopes import Scope, grants, served

SCOPES = st.frozensets(st.sampled_from(Scope))


@given(SCOPES)
def test_a_key_keeps_its_scopes_when_everything_is_served(scopes: frozenset[Scope]) -> None:
    assert served(scopes, frozenset(Scope)) == scopes


@given(SCOPES, SCOPES, st.sampled_from(sorted(set(Scope) - {Scope.ALL})))
def test_a_scope_is_granted_when_the_key_has_it_and_a_module_brings_it(
    scopes: frozenset[Scope], enabled: frozenset[Scope], needed: Scope
) -> None:
    assert grants(served(scopes, enabled), needed) is (
        grants(scopes, needed) and (needed in enabled or set(Scope) <= enabled)
    )
