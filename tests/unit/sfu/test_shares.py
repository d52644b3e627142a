"""What a browser is told of each picture, beside the sum that its REMB is."""

import pytest

from tests.fakes.floor import KEY, Floor, Guest
from vwindow.rtp import rtcp
from vwindow.sfu.control import TargetsChanged
from vwindow.sfu.shares import LEAST_SECONDS, REPEAT_SECONDS, Shares

FACE, SCREEN = 1001, 1002
NO_TRANSPORT = ("a=rtcp-fb:96 transport-cc\r\n", "")


def told(floor: Floor) -> list[dict[str, int]]:
    return [event.targets for event in floor.events if isinstance(event, TargetsChanged) and event.part == "console"]


async def call(floor: Floor) -> tuple[Guest, Guest]:
    console, page = floor.guest("console", 1), floor.guest("page", 2, NO_TRANSPORT)
    await console.connect()
    await page.connect()
    floor.room.grant("staff.screen", True)
    console.rtp(FACE, 0, KEY)
    console.rtp(SCREEN, 0, KEY)
    return console, page


async def test_the_slowest_path_divides_what_a_console_sends(floor: Floor) -> None:
    console, page = await call(floor)
    floor.run(2)
    assert told(floor) == [{"staff.face": 1_500_000, "staff.screen": 1_500_000}]
    for _ in range(30):
        page.feedback(rtcp.remb(99, 700_000, [page.ssrcs[4]]))
        floor.run(0.1)
    shares = told(floor)[-1]
    assert shares["staff.screen"] == pytest.approx(0.9 * 700_000, rel=0.01), "the screen may have all of it at once"
    assert shares["staff.face"] == pytest.approx(0.9 * 700_000 - 60_000, rel=0.01), "but for now it needs little"
    remb = [report for report in console.reports() if isinstance(report, rtcp.Remb)][-1]
    assert remb.bitrate == pytest.approx(sum(shares.values()), rel=0.01), "the REMB is the sum"
    assert len(told(floor)) == 2
    floor.run(15)  # silent: it counts no more
    assert told(floor)[-1] == {"staff.face": 1_500_000, "staff.screen": 1_500_000}


async def test_who_sends_one_picture_or_gets_a_remb_for_each_is_told_nothing_else(floor: Floor) -> None:
    for number, part in enumerate(("agent", "page", "observer"), 1):
        await floor.guest(part, number).connect()  # type: ignore[arg-type]
    floor.run(3)
    assert not [event for event in floor.events if isinstance(event, TargetsChanged)]


def test_changes_are_told_once_a_second_and_all_again_each_ten() -> None:
    shares = Shares()
    assert shares.due({}, 0) == {}
    assert shares.due({"face": 1000}, 0) == {"face": 1000}
    assert shares.due({"face": 500}, LEAST_SECONDS - 0.1) == {}
    assert shares.due({"face": 500}, LEAST_SECONDS) == {"face": 500}
    assert shares.due({"face": 549}, 5) == {}, "less than a tenth"
    assert shares.due({"face": 500, "screen": 100}, 6) == {"face": 500, "screen": 100}
    assert shares.due({"face": 500, "screen": 100}, 6 + REPEAT_SECONDS - 0.1) == {}
    assert shares.due({"face": 500, "screen": 100}, 6 + REPEAT_SECONDS) == {"face": 500, "screen": 100}
