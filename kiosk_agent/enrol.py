"""Enrol this kiosk once with a one-time code."""

from pathlib import Path

from kiosk_agent import enrolment
from kiosk_agent.enrolment import Enrolment
from kiosk_agent.server_http import ServerError, check_pin, open_session, post_json


async def enrol(server: str, code: str, data_dir: Path) -> Enrolment:
    """Make a key, hand its public half in with the code, and keep what the server says.

    `code` is `SECRET.PIN`; only the secret is sent. Raises PinError, ServerError, or what aiohttp raises;
    an earlier enrolment stays as it is then.
    """
    server = server.rstrip("/")
    secret, _, written = code.strip().rpartition(".")
    pin = check_pin(server, written)
    key, key_file = enrolment.new_key(data_dir)
    try:
        async with open_session(pin) as session:
            public_key = enrolment.public_bytes(key).hex()
            answer = await post_json(session, f"{server}/api/kiosk/enrol", {"code": secret, "public_key": public_key})
        try:
            told = {name: str(answer[name]) for name in ("kiosk", "centre", "window", "city")}
        except KeyError:
            raise ServerError("bad_answer", 200) from None
    except BaseException:
        (data_dir / key_file).unlink(missing_ok=True)
        raise
    enrolled = Enrolment(server=server, pin=pin, key_file=key_file, **told)
    enrolment.save(data_dir, enrolled)
    return enrolled
