"""How many people the demo city has. Its six districts, six providers and three kitchens are its geography's."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """Counts; a small city for tests says smaller ones. Each group has its own thousand of telephone numbers."""

    elders: int = 600
    families: int = 240
    caregivers: int = 100
    volunteers: int = 60

    def __post_init__(self) -> None:
        for name, least, most in (
            ("elders", 12, 4000),
            ("families", 0, 3000),
            ("caregivers", 36, 1000),  # six per provider: a crew of either gender and two who carry meals
            ("volunteers", 12, 1000),  # two in each branch
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} lie between {least} and {most}, not {getattr(self, name)}")


FULL = Scale()
