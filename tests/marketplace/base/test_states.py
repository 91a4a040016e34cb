import pytest

from marketplace.base.states import machine


def test_a_machine_with_a_step_into_nowhere_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        machine(open="nowhere")
