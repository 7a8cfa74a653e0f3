"""A real JupyterLab with one notebook, as an analyst has it: served from a folder of its own, driven by a browser."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
OWN = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR")
QUIET = ["--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0", "--expose-app-in-browser",
         "--IdentityProvider.token=open", "--LabApp.extension_manager=readonly"]
NO_NEWS = "lab/user-settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
PATIENCE = 300  # seconds: a machine that is busy with other tests starts a server and a kernel slowly
RUN_ALL = """async seconds => {
    const late = new Promise((_, refuse) => setTimeout(() => refuse('the cells did not run'), seconds * 1000));
    const panel = jupyterapp.shell.currentWidget;
    const all = async () => {
        await panel.context.ready;
        await panel.sessionContext.ready;
        await panel.sessionContext.session.kernel.info;
        await jupyterapp.commands.execute('notebook:run-all-cells');
    };
    await Promise.race([all(), late]);
    return panel.content.widgets.filter(cell => cell.model.type === 'code').map(cell => cell.model.executionCount);
}"""
WATCH = """control => {
    const explorer = control.closest('.widget-vbox').parentElement.parentElement;
    const [sentence, figure] = explorer.querySelectorAll('.widget-html-content');
    window.seen = {before: sentence.textContent, now: () => sentence.textContent};
    const since = name => () => { window.seen[name] ??= performance.now() - window.seen.pressed; };
    new MutationObserver(since('sentence')).observe(sentence, {childList: true, subtree: true, characterData: true});
    new MutationObserver(since('figure')).observe(figure, {childList: true, subtree: true, attributes: true});
    const press = () => { window.seen.pressed = performance.now(); };
    control.addEventListener('keydown', press, {capture: true, once: true});
}"""


def copied(name: str, source: Path, folder: Path) -> Path:
    """A copy of a notebook that reads the company of another folder."""
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    cell = next(cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    assert '"data/sample"' in cell.source
    cell.source = cell.source.replace('"data/sample"', json.dumps(str(source)))
    nbformat.write(notebook, folder / name)
    return folder / name


@contextmanager
def served(place: Path) -> Iterator[tuple[Path, str]]:
    """A server with its settings, kernels and files under `place`; gives the folder it serves, and its address."""
    files = place / "files"
    files.mkdir()
    own = {name: str(place / name.lower()) for name in OWN}
    settings = place / "jupyter_config_dir" / NO_NEWS
    settings.parent.mkdir(parents=True)
    settings.write_text('{"fetchNews": "false", "checkForUpdates": false}', encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    env = {**os.environ, **own, "PYTHONPATH": path}
    command = [sys.executable, "-m", "jupyterlab", *QUIET, f"--ServerApp.root_dir={files}"]
    log = place / "lab.log"
    with log.open("wb") as out:
        server = subprocess.Popen(command, cwd=files, env=env, stdout=out, stderr=subprocess.STDOUT)
    try:
        yield files, address(server, Path(own["JUPYTER_RUNTIME_DIR"]), log)
    finally:
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()


def address(server: subprocess.Popen, runtime: Path, log: Path) -> str:
    """Where the server answers, from the file that it writes about itself."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        try:
            url = json.loads((runtime / f"jpserver-{server.pid}.json").read_text(encoding="utf-8"))["url"]
            urllib.request.urlopen(f"{url}api", timeout=5).close()
            return url
        except (FileNotFoundError, json.JSONDecodeError, urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab does not answer:\n{log.read_text(encoding='utf-8')}")


class Notebook:
    """A notebook open in JupyterLab."""

    def __init__(self, browser, url: str, name: str):
        self.context = browser.new_context(viewport={"width": 1400, "height": 1000})
        self.page = self.context.new_page()
        self.page.set_default_timeout(PATIENCE * 1000)
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(f"{url}lab/tree/{name}?token=open")
        self.page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context?.isReady")

    def run(self) -> list[int | None]:
        """Run all cells; gives the execution count of each code cell."""
        return self.page.evaluate(RUN_ALL, 2 * PATIENCE)

    def explorer(self):
        """The first explorer's sentence, scrolled to: JupyterLab does not lay out cells that are out of sight."""
        sentence = self.page.locator(".widget-html strong").first
        sentence.wait_for(state="attached")
        sentence.evaluate("element => element.scrollIntoView()")
        sentence.wait_for()
        return sentence

    def press(self, control, key: str) -> dict[str, float | str]:
        """Press a key on a control and wait for the answer: the sentence before and after, the milliseconds to the
        changed sentence and to the changed figure."""
        control.focus()
        control.evaluate(WATCH)
        self.page.keyboard.press(key)
        self.page.wait_for_function("window.seen.sentence && window.seen.figure")
        return self.page.evaluate("({...seen, now: null, after: seen.now()})")
