"""Who may bind which address."""

from tests.unit.ice.test_stun import request
from vwindow.ice.book import CONSENT, MAX_ADDRESSES, Accepted, Address, Binding, Book

HERE: Address = ("192.0.2.1", 5000)
THERE: Address = ("192.0.2.2", 5000)


def binding(name: str, now: float = 0.0) -> Binding[str]:
    return Binding(name, name, b"password-of-" + name.encode(), frozenset({"theirs"}), heard=now)


def check(
    book: Book[str], name: str, address: Address, now: float = 0.0, nominate: bool = True, port: int = 0
) -> Accepted[str] | None:
    data = request(f"{name}:theirs", b"password-of-" + name.encode(), nominate)
    return book.take(data, port, address, now)


def test_a_valid_check_opens_an_address() -> None:
    book: Book[str] = Book(2)
    one = binding("one")
    book.add(one)
    assert book.owners[0].get(HERE) is None
    accepted = check(book, "one", HERE, 5.0)
    assert accepted is not None
    assert accepted.moved
    assert accepted.owner == "one"
    assert book.owners[0][HERE] == "one"
    assert book.owners[1].get(HERE) is None
    assert one.heard == 5.0
    again = check(book, "one", HERE, 6.0)
    assert again is not None
    assert not again.moved


def test_a_check_that_is_not_authentic_opens_nothing() -> None:
    book: Book[str] = Book(1)
    book.add(binding("one"))
    wrong_password = request("one:theirs", b"guessed")
    stranger = request("other:theirs", b"password-of-one")
    wrong_remote = request("one:somebody", b"password-of-one")
    no_colon = request("one", b"password-of-one")
    for data in (wrong_password, stranger, wrong_remote, no_colon, b"", bytes(20)):
        assert book.take(data, 0, HERE, 0.0) is None
    assert not book.owners[0]


def test_only_a_nominated_check_moves_sending() -> None:
    book: Book[str] = Book(1)
    one = binding("one")
    book.add(one)
    check(book, "one", HERE)
    unused = check(book, "one", THERE, nominate=False)
    assert unused is not None
    assert not unused.moved
    assert book.owners[0][THERE] == "one"
    assert one.selected == (0, HERE)
    nominated = check(book, "one", THERE)
    assert nominated is not None
    assert nominated.moved
    assert one.selected == (0, THERE)


def test_addresses_are_bounded_and_the_selected_one_stays() -> None:
    book: Book[str] = Book(1)
    one = binding("one")
    book.add(one)
    check(book, "one", HERE, 0.0)
    for number in range(20):
        check(book, "one", ("192.0.2.9", 6000 + number), 1.0 + number, nominate=False)
    assert len(one.paths) == len(book.owners[0]) == MAX_ADDRESSES
    assert HERE in book.owners[0]
    assert ("192.0.2.9", 6019) in book.owners[0]
    assert ("192.0.2.9", 6000) not in book.owners[0]


def test_an_address_in_use_is_not_taken_over() -> None:
    book: Book[str] = Book(1)
    one, two = binding("one"), binding("two")
    book.add(one)
    book.add(two)
    check(book, "one", HERE, 0.0)
    assert check(book, "two", HERE, CONSENT - 1) is None
    assert book.owners[0][HERE] == "one"
    taken = check(book, "two", HERE, CONSENT + 1)
    assert taken is not None
    assert book.owners[0][HERE] == "two"
    assert one.selected is None


def test_a_removed_peer_frees_its_addresses() -> None:
    book: Book[str] = Book(1)
    one, two = binding("one"), binding("two")
    book.add(one)
    book.add(two)
    check(book, "one", HERE)
    book.remove(one)
    book.remove(one)
    assert check(book, "one", HERE) is None
    assert check(book, "two", HERE) is not None
