"""`make security`: two strangers' scanners against the portal, after they have found faults that were planted for them."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "var" / "security"
