# SPDX-License-Identifier: Apache-2.0
"""The demo's page in headless Chromium: what is done in one browser shows in another, by stream and by long-poll."""
import pytest
from selenium.webdriver.common.by import By

from browser import Browser
from harness.client import Client
from harness.daemon import BAD_LINES, binary
from harness.publisher import body_of, item
from harness.wait import eventually, free_port

HALVES = ("stream", "poll")


class Page(Browser):
    """The demo's."""

    def part(self, half, part):
        return self.text(f"#{half} .{part}")

    def feed(self, half):
        return [entry.text for entry in self.driver.find_elements(By.CSS_SELECTOR, f"#{half} .feed li")]

    def wait_for(self, half, part, text):
        eventually(lambda: self.part(half, part) == text, f"{text!r} as {part} of {half}")

    def wait_connected(self):
        for half in HALVES:
            self.wait_for(half, "status", "connected")

    def wait_counter(self, number):
        for half in HALVES:
            self.wait_for(half, "counter", str(number))

    def wait_last_message(self, text):
        for half in HALVES:
            eventually(lambda: self.feed(half)[-1:] == [text], f"{text!r} in the feed of {half}")

    def increment(self):
        self.find("#increment").click()

    def send_message(self, text):
        self.find("#message").send_keys(text + "\n")


@pytest.fixture
def demo(run):
    ports = {"port": free_port(), "control": free_port(), "pull": free_port(), "sub": free_port()}

    def start():
        program = run("demo", [binary(), "demo", "--port", f"127.0.0.1:{ports['port']}",
                               "--control.http", f"http://127.0.0.1:{ports['control']}",
                               "--control.zmq_pull", f"tcp://127.0.0.1:{ports['pull']}",
                               "--control.zmq_sub", f"tcp://127.0.0.1:{ports['sub']}"], port=ports["port"])
        program.control_port = ports["control"]
        return program

    return start


@pytest.fixture
def pages(demo, stopping, tmp_path):
    program = demo()
    made = [stopping(Page(f"http://127.0.0.1:{program.port}/", tmp_path / f"profile-{number}")) for number in range(2)]
    for page in made:
        page.wait_connected()
    return program, *made


def test_a_click_in_one_page_changes_the_other(pages):
    program, one, other = pages
    for number in (1, 2, 3):
        (one, other)[number % 2].increment()
        for page in (one, other):
            page.wait_counter(number)
    one.send_message("<b>hello</b>")  # stays text
    other.send_message("ünd back")
    for page in (one, other):
        page.wait_last_message("ünd back")
        for half in HALVES:
            assert page.feed(half) == ["<b>hello</b>", "ünd back"]
        assert not page.errors()
    assert not BAD_LINES.search(program.log())


def test_published_past_the_origin(pages):
    program, *both = pages
    text = "from a publisher"
    body = body_of(item("demo", stream=f"data: {text}\n\n", response=f"{text}\n"))

    # Nobody keeps what the origin does not know of, and a page may be between two polls: so it is published until all
    # have seen it.
    def publish_and_look():
        assert Client(program.control_port).ask("POST", "/publish/", body=body).status == 200
        return all(text in page.feed(half) for page in both for half in HALVES)

    eventually(publish_and_look, f"{text!r} in all feeds")


def test_pages_come_back_after_a_restart(pages, demo):
    program, one, other = pages
    one.increment()
    one.wait_counter(1)
    program.stop()
    for page in (one, other):
        for half in HALVES:
            page.wait_for(half, "status", "reconnecting")
    demo()
    for page in (one, other):
        page.wait_connected()
        page.wait_counter(0)
    other.increment()
    one.wait_counter(1)
