"""How the plates of a place look beyond their layout: what its profile says, with files found."""

from pathlib import Path

from config.profile import Profile
from config.rules import PROFILES
from server.printing.order import Dress


def dress(profile: Profile, area_path: str) -> Dress:
    """Colour, emblem and own fonts of the plates of a place; files stand in `config/profiles/<profile>/`."""
    plates = profile.for_area(area_path).plates
    folder = PROFILES / profile.code
    return Dress(
        accent=plates.accent,
        emblem=str(_place(folder, plates.emblem)) if plates.emblem else "",
        rare_fonts=tuple(str(_place(folder, name)) for name in plates.rare_fonts),
    )


def _place(folder: Path, name: str) -> Path:
    """A file of the profile's folder; a whole path stays what it is."""
    return folder / name
