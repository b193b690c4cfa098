"""Whether every template can be read, finds what it includes, and leaves style and script to their own files."""

import re
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, TemplateSyntaxError, meta

PATTERNS = {
    "an inline style": re.compile(r"<[^>]*\sstyle\s*="),
    "a style block": re.compile(r"<style[\s>]"),
    "an inline script": re.compile(r"<script(?![^>]*\ssrc=)[^>]*>"),
    "an inline handler": re.compile(r"<[^>]*\son[a-z]+\s*="),
    "a link that runs script": re.compile(r"(?:href|src|action)\s*=\s*[\"']\s*javascript:", re.IGNORECASE),
    "text that is not escaped": re.compile(r"\|\s*safe\b|\{%-?\s*autoescape\s+false"),
}
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
MAIL = "mail/"  # mail programs drop linked style sheets, so a message carries its own


def problems(root: Path) -> list[str]:
    """One sentence for each template that is broken or would break the content security policy."""
    folder = root / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, extensions=["jinja2.ext.do"])
    found = []
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".html", ".txt", ".jinja"):
            name = path.relative_to(folder).as_posix()
            found += in_template(name, path.read_text(encoding="utf-8"), environment)
    return found


def in_template(name: str, source: str, environment: Environment) -> list[str]:
    """What is wrong with one template; `environment` knows the others that it may refer to."""
    try:
        tree = environment.parse(source, name)
    except TemplateSyntaxError as error:
        return [f"templates/{name}:{error.lineno} cannot be read: {error.message}"]
    known = set(environment.list_templates())
    found = [
        f"templates/{name} refers to {other}, which does not exist."
        for other in meta.find_referenced_templates(tree)
        if other is not None and other not in known
    ]
    read = COMMENT.sub(lambda comment: re.sub(r"[^\n]", " ", comment.group()), source)
    for what, pattern in PATTERNS.items():
        if name.startswith(MAIL) and "style" in what:
            continue
        for match in pattern.finditer(read):
            line = source.count("\n", 0, match.start()) + 1
            found.append(f"templates/{name}:{line} has {what}: {match.group()[:60]}")
    return found
