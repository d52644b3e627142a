"""Frames, texts and numbers of identity cards, against bytes from public descriptions. Needs nothing."""

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.id_card_reader import number, sdt_command, sdt_text
from devices.id_card_reader.sdt_frame import (
    HEAD,
    Answer,
    BadAnswer,
    FrameDecoder,
    checksum,
    encode,
    parse_answer,
    parse_blocks,
)

COMMANDS = {
    sdt_command.STATUS: "AAAAAA9669 0003 11FF ED",
    sdt_command.IDENTITY: "AAAAAA9669 0003 12FF EE",
    sdt_command.FIND: "AAAAAA9669 0003 2001 22",
    sdt_command.SELECT: "AAAAAA9669 0003 2002 21",
    sdt_command.READ: "AAAAAA9669 0003 3001 32",
    sdt_command.READ_MORE: "AAAAAA9669 0003 3003 30",
}
ANSWERS = {
    "AAAAAA9669 0008 00009F 00000000 97": (0x9F, bytes(4)),
    "AAAAAA9669 0004 000080 84": (0x80, b""),
    "AAAAAA9669 0004 000081 85": (0x81, b""),
    "AAAAAA9669 0004 000041 45": (0x41, b""),
    "AAAAAA9669 000C 000090 0000000000000000 9C": (0x90, bytes(8)),
}
CITIZEN = {
    "name": "张三", "sex": "1", "nation": "01", "birth": "19491231", "address": "北京市朝阳区某某街道1号",
    "number": "11010519491231002X", "issuer": "北京市公安局朝阳分局", "from": "20150101", "to": "长期",
}  # fmt: skip


@pytest.mark.parametrize(("command", "written"), COMMANDS.items(), ids=str)
def test_commands_are_the_bytes_of_public_descriptions(command: sdt_command.Command, written: str) -> None:
    assert encode(command.body) == bytes.fromhex(written)


@pytest.mark.parametrize(("written", "meant"), ANSWERS.items(), ids=str)
def test_answers_are_read_from_the_bytes_of_public_descriptions(written: str, meant: tuple[int, bytes]) -> None:
    (body,) = FrameDecoder().feed(bytes.fromhex(written))
    answer = parse_answer(body)
    assert (answer.status, answer.data) == meant


def test_a_card_is_1295_bytes_on_the_line() -> None:
    body = b"\0\0\x90" + bytes.fromhex("01000400") + bytes(256 + 1024)
    frame = encode(body)
    assert len(frame) == 1295 and frame[5:7] == b"\x05\x08"
    text, photo = parse_blocks(parse_answer(body).data, 2)
    assert (len(text), len(photo)) == (256, 1024)


def test_a_body_without_room_or_content_is_refused() -> None:
    for size in (0, 4096):
        with pytest.raises(ValueError, match="bytes"):
            encode(bytes(size))


def test_the_module_identity_is_written_as_on_its_label() -> None:
    data = bytes.fromhex("05000300") + b"".join(n.to_bytes(4, "little") for n in (20101203, 1234567, 7654321))
    assert sdt_command.module_identity(data) == "05.03-20101203-0001234567-0007654321"


def test_a_late_answer_is_told_from_most_others() -> None:
    found, empty, selected = Answer(0x9F, bytes(4)), Answer(0x80), Answer(0x90, bytes(8))
    status, card = Answer(0x90), Answer(0x90, b"\1\0\4\0" + bytes(1280))
    takes = {
        sdt_command.STATUS: [status], sdt_command.FIND: [found, empty], sdt_command.SELECT: [selected],
        sdt_command.READ: [card],
    }  # fmt: skip
    for command, own in takes.items():
        for answer in (found, empty, selected, status, card):
            assert command.takes(answer) == (answer in own), (command.body.hex(), answer)
    assert all(command.takes(Answer(0x66)) for command in takes)


@given(st.binary(max_size=600), st.lists(st.binary(min_size=1, max_size=400), max_size=4), st.integers(1, 64))
def test_frames_are_found_in_any_noise_however_they_are_cut(noise: bytes, bodies: list[bytes], cut: int) -> None:
    # Noise with a head of its own may rightly be read as a frame; without one all of ours must come, and nothing else.
    noise = noise.replace(b"\x96", b"")
    line = b"".join(noise + encode(body) for body in bodies) + noise
    decoder, found = FrameDecoder(), []
    for at in range(0, len(line), cut):
        found += decoder.feed(line[at : at + cut])
    assert found == bodies and decoder.damaged == 0


@given(st.lists(st.sampled_from([HEAD, HEAD[:3], b"\x10\0", b"\0\4", b"\xff\xff", bytes(300), b"\x00\x00\x90"])))
def test_false_heads_and_lengths_lose_no_frame_that_fits_behind_them(parts: list[bytes]) -> None:
    decoder, body = FrameDecoder(), b"\0\0\x80"
    found = list(decoder.feed(b"".join(parts)))
    # A false head may claim up to 4,096 bytes: after as many, and once more, frames come through again.
    found += decoder.feed(encode(body) * 1000)
    assert body in found and decoder.skipped <= sum(map(len, parts)) + 1000 * 11


def test_a_wrong_checksum_is_counted_and_the_next_frame_is_read() -> None:
    wrong = bytearray(encode(b"\0\0\x80"))
    wrong[-1] ^= 1
    decoder = FrameDecoder()
    assert list(decoder.feed(bytes(wrong))) == [] and decoder.damaged == 1 and not decoder.waiting
    assert list(decoder.feed(encode(b"\0\0\x9f1234"))) == [b"\0\0\x9f1234"]


def test_half_a_frame_is_waited_for() -> None:
    frame, decoder = encode(b"\0\0\x80"), FrameDecoder()
    assert list(decoder.feed(frame[:8])) == [] and decoder.waiting
    assert list(decoder.feed(frame[8:])) == [b"\0\0\x80"] and not decoder.waiting


def test_a_hostile_line_costs_bounded_memory_and_time() -> None:
    hostile = (HEAD + b"\x10\x00") * 4_000  # heads that each claim 4,096 bytes
    decoder = FrameDecoder()
    tracemalloc.start()
    for at in range(0, len(hostile), 4096):
        assert list(decoder.feed(hostile[at : at + 4096])) == []
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100_000, peak


@given(st.binary(max_size=64))
def test_xor_is_that_of_all_bytes(data: bytes) -> None:
    plain = 0
    for byte in data:
        plain ^= byte
    assert checksum(data) == plain


@given(st.binary(max_size=2400))
def test_any_body_is_an_answer_or_is_refused(body: bytes) -> None:
    try:
        answer = parse_answer(body)
        for count in (2, 3):
            assert sum(map(len, parse_blocks(answer.data, count))) == len(answer.data) - 2 * count
    except BadAnswer as error:
        assert body.hex() not in str(error) or len(body) < 2


def test_blocks_that_do_not_add_up_are_refused() -> None:
    for data in (b"", b"\1", b"\0\1\0\1", b"\0\1\0\1ab!", b"\xff\xff\xff\xff" + bytes(1280)):
        with pytest.raises(BadAnswer):
            parse_blocks(data, 2)
    assert parse_blocks(b"\0\2\0\0\0\1abc", 3) == [b"ab", b"", b"c"]


# ---- texts ----------------------------------------------------------------------------------------


def test_every_layout_is_256_bytes_and_the_flag_lies_where_it_is_looked_for() -> None:
    for kind, layout in sdt_text.LAYOUTS.items():
        assert sum(size for _, size in layout) == 256
        before = 0
        for name, size in layout:
            if name == "flag":
                assert before == 248, kind
            before += size


def test_a_citizen_card_is_read() -> None:
    card = sdt_text.parse(sdt_text.pack("citizen", CITIZEN), b"wlt")
    assert (card.kind, card.name, card.number, card.number_valid) == ("citizen", "张三", "11010519491231002X", True)
    assert (card.sex, card.nation, card.birth) == ("male", "01", "1949-12-31")
    assert (card.address, card.issuer) == ("北京市朝阳区某某街道1号", "北京市公安局朝阳分局")
    assert (card.valid_from, card.valid_to, card.photo_raw, card.photo) == ("2015-01-01", "long_term", b"wlt", b"")


def test_a_residence_permit_is_read() -> None:
    fields = {
        "name": "陈大文", "sex": "1", "birth": "19800101", "address": "广东省深圳市", "number": "810000198001010011",
        "issuer": "深圳市公安局", "from": "20190101", "to": "20240101", "pass": "H12345678", "issues": "01",
        "flag": "J",
    }  # fmt: skip
    card = sdt_text.parse(sdt_text.pack("hmt_residence", fields))
    assert (card.kind, card.pass_number, card.issues, card.nation) == ("hmt_residence", "H12345678", "01", "")
    assert (card.valid_from, card.valid_to) == ("2019-01-01", "2024-01-01")


def test_both_cards_of_foreigners_are_read() -> None:
    old = sdt_text.parse(sdt_text.pack("foreigner_2017", {
        "english": "SMITH, JOHN", "sex": "1", "number": "USA110080010117", "nation": "USA", "name": "史密斯",
        "from": "20180101", "to": "20280101", "birth": "19800101", "version": "01", "issuer": "1100", "flag": "I",
    }))  # fmt: skip
    assert (old.kind, old.name, old.english_name) == ("foreigner_2017", "史密斯", "SMITH, JOHN")
    assert (old.nation, old.number_valid, old.birth, old.issuer) == ("USA", True, "1980-01-01", "1100")
    new = sdt_text.parse(sdt_text.pack("foreigner_2023", {
        "sex": "2", "issues": "02", "birth": "19800101", "english": "WOLFESCHLEGELSTEINHAUSEN, ADOLF B. ",
        "number": "911840198001010019", "from": "20240101", "to": "20340101", "english_more": "CHARLES DAV",
        "nation": "840", "flag": "Y",
    }))  # fmt: skip
    assert new.english_name == "WOLFESCHLEGELSTEINHAUSEN, ADOLF B. CHARLES DAV" == new.name
    assert (new.kind, new.sex, new.issues, new.nation) == ("foreigner_2023", "female", "02", "840")


def test_what_is_wrong_is_shown_and_not_hidden() -> None:
    card = sdt_text.parse(sdt_text.pack("citizen", {**CITIZEN, "number": "110105194912310021", "birth": "19490231"}))
    assert card.number == "110105194912310021" and not card.number_valid
    assert card.birth == ""
    assert not sdt_text.parse(sdt_text.pack("citizen", {**CITIZEN, "number": "x"})).number_valid


@pytest.mark.parametrize(
    ("block", "code"),
    [(bytes(256), "damaged"), (b"\x20\0" * 128, "damaged"), (bytes(255), "damaged"), (b"", "damaged"),
     (sdt_text.pack("citizen", CITIZEN)[:248] + "K   ".encode("utf-16-le"), "not_known")],
)  # fmt: skip
def test_no_card_and_one_of_later_years_are_refused(block: bytes, code: str) -> None:
    with pytest.raises(sdt_text.BadText) as caught:
        sdt_text.parse(block)
    assert caught.value.code == code == str(caught.value)


def test_what_cannot_be_seen_does_not_reach_a_screen() -> None:
    card = sdt_text.parse(sdt_text.pack("citizen", {**CITIZEN, "name": "张\u202e三\n\0", "address": "\ue815村"}))
    assert (card.name, card.address) == ("张三", "\ue815村")


def test_a_field_without_room_is_refused() -> None:
    for wrong in ({"name": "长" * 16}, {"height": "1"}):
        with pytest.raises(ValueError, match="citizen"):
            sdt_text.pack("citizen", wrong)


@settings(max_examples=400)
@given(st.binary(max_size=300) | st.binary(min_size=256, max_size=256))
def test_any_block_is_a_card_or_is_refused(block: bytes) -> None:
    try:
        card = sdt_text.parse(block)
    except sdt_text.BadText as error:
        assert error.code in ("damaged", "not_known")
    else:
        assert card.name and card.number and "\0" not in card.name and card.name not in repr(card)
        assert all(
            len(day) in (0, 10) for day in (card.birth, card.valid_from, card.valid_to.removesuffix("long_term"))
        )


def test_nothing_of_a_card_is_in_its_repr() -> None:
    card = sdt_text.parse(sdt_text.pack("citizen", CITIZEN), b"secret photo")
    for written in (repr(card), repr(Answer(0x90, b"secret photo"))):
        assert not any(secret in written for secret in ("张三", "0105", "朝阳", "1949", "secret"))


# ---- numbers --------------------------------------------------------------------------------------


@given(st.text("0123456789", min_size=17, max_size=17))
def test_the_checksum_is_that_of_iso_7064(digits: str) -> None:
    """The pure system MOD 11-2 as the standard has it: a recursion, where the right number ends at 1."""
    whole = digits + number.check_character(digits)
    value = 0
    for character in whole:
        value = (value * 2 + (10 if character == "X" else int(character))) % 11
    assert value == 1 and number.checksum_right(whole)


@given(st.text("0123456789", min_size=17, max_size=17), st.integers(0, 16), st.integers(1, 9), st.integers(0, 15))
def test_one_wrong_digit_and_two_swapped_ones_are_noticed(digits: str, place: int, by: int, swap: int) -> None:
    whole = digits + number.check_character(digits)
    wrong = whole[:place] + str((int(whole[place]) + by) % 10) + whole[place + 1 :]
    assert not number.checksum_right(wrong)
    swapped = whole[:swap] + whole[swap + 1] + whole[swap] + whole[swap + 2 :]
    assert number.checksum_right(swapped) == (swapped == whole)


def test_known_numbers() -> None:
    assert number.checksum_right("11010519491231002X")
    for wrong in ("11010519491231002x", "1101051949123100", "", "١" * 18, "110105194912310021", "11010519491231002X\n"):
        assert not number.checksum_right(wrong)
    assert number.permit_number_right("USA110080010117") and not number.permit_number_right("USA11008001011X")
