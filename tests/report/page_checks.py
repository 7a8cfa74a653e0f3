"""What every page must hold to, as checks that tests of pages and of the whole run share."""

from __future__ import annotations

import base64
import hashlib
import re

from bs4 import BeautifulSoup

LOADS = ("src", "srcset", "href", "data", "action", "poster", "background", "formaction", "ping", "xlink:href")
SAFE = re.compile(
    r"data:|#|(?:\.\./)*(?:[\w-]+/)*[\w-]+\.html(#[\w-]+)?$|[\w-]+\.(?:pdf|xlsx|eml)$|tables/[\w-]+\.csv$")


def faults(html: str) -> list[str]:
    """What is wrong with a page: code, errors, things that run, things that load."""
    soup = BeautifulSoup(html, "html.parser")
    policy = soup.find("meta", {"http-equiv": "Content-Security-Policy"})
    found = [f"<{tag.name}>" for tag in soup.find_all(["iframe", "object", "embed", "form", "base"])]
    found += [f"<script> {script.string[:60]}" for script in soup.find_all("script") if not _allowed(script, policy)]
    for tag in soup.find_all(True):
        found += [f"{tag.name}.{name}" for name in tag.attrs if name.startswith("on")]
        found += [f"{tag.name}.{n}={tag[n][:60]}" for n in LOADS if tag.has_attr(n) and not SAFE.match(tag[n])]
        found += [f"style {tag['style']}" for _ in [0] if "url(" in str(tag.get("style", ""))]
        found += [f"class {c}" for c in tag.get("class", []) if c in ("input", "input_area", "prompt", "output_error")]
    found += ["css loads"] * sum("url(" in style.text or "@import" in style.text for style in soup.find_all("style"))
    text = soup.get_text(" ")
    found += [word for word in ("Traceback (most recent call last)", "import pandas", "In [", "Out[") if word in text]
    if soup.html.get("lang") != "en":
        found.append("no language")
    if not policy or "default-src 'none'" not in policy["content"] or policy.find_previous(["style", "img", "script"]):
        found.append("no policy, or too late")
    if len(soup.find_all("h1")) != 1:
        found.append("not one h1")
    found += [f"no alt: {str(img)[:60]}" for img in soup.find_all("img") if not img.get("alt")]
    found += [f"broken link {a['href']}" for a in soup.select('a[href^="#"]') if not soup.find(id=a["href"][1:])]
    return found


def _allowed(script, policy) -> bool:
    """Is it the one script whose hash the page's policy names?"""
    digest = base64.b64encode(hashlib.sha256((script.string or "").encode()).digest()).decode()
    return not script.attrs and policy is not None and f"script-src 'sha256-{digest}';" in policy["content"]
