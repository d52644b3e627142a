"""Who may bind which address: ICE-lite (RFC 8445 §2.5, §7.3) without a socket."""

from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from vwindow.ice.stun import BindingRequest, parse_request, success

MAX_ADDRESSES = 8
CONSENT = 30.0
"""Seconds without a sign of life after which an address is free for others (RFC 7675 §5.1)."""

Address = tuple[Any, ...]
"""A socket address as the socket gives it: (host, port) or (host, port, flow, scope)."""
Path = tuple[int, Address]
"""The number of the local port and the remote address."""

Owner = TypeVar("Owner")


@dataclass(slots=True)
class Binding(Generic[Owner]):
    """One peer's credentials and the paths that its checks have opened."""

    owner: Owner
    ufrag: str
    password: bytes
    remote_ufrags: frozenset[str]
    heard: float = 0.0
    """Last authenticated packet of any kind, monotonic; the owner may move it on."""
    paths: dict[Path, float] = field(default_factory=dict)
    selected: Path | None = None


@dataclass(frozen=True, slots=True)
class Accepted(Generic[Owner]):
    """A valid check: what to answer, and whether sending moves to this path."""

    owner: Owner
    response: bytes
    moved: bool


class Book(Generic[Owner]):
    """Know all bindings by user fragment and all allowed addresses by local port."""

    def __init__(self, ports: int) -> None:
        self._by_ufrag: dict[str, Binding[Owner]] = {}
        self._bindings: tuple[dict[Address, Binding[Owner]], ...] = tuple({} for _ in range(ports))
        self.owners: tuple[dict[Address, Owner], ...] = tuple({} for _ in range(ports))
        """Per local port: the peer that may send from an address. Read only."""

    def __len__(self) -> int:
        return len(self._by_ufrag)

    def add(self, binding: Binding[Owner]) -> None:
        """Let a peer's checks in."""
        if binding.ufrag in self._by_ufrag:
            raise ValueError("user fragment in use")
        self._by_ufrag[binding.ufrag] = binding

    def remove(self, binding: Binding[Owner]) -> None:
        """Forget a peer and free its addresses; idempotent."""
        self._by_ufrag.pop(binding.ufrag, None)
        for path in list(binding.paths):
            self._free(binding, path)
        binding.selected = None

    def lost(self, port: int, address: Address) -> None:
        """Forget an address that no packet can come from any more: its connection has ended."""
        holder = self._bindings[port].get(address)
        if holder is not None:
            self._free(holder, (port, address))

    def take(self, data: bytes, port: int, address: Address, now: float) -> Accepted[Owner] | None:
        """Judge a datagram that may be a check; None when it is to be dropped without an answer."""
        request = parse_request(data)
        if request is None:
            return None
        ours, colon, theirs = request.username.partition(":")
        binding = self._by_ufrag.get(ours)
        if binding is None or not colon or theirs not in binding.remote_ufrags:
            return None
        if not request.authentic(binding.password):
            return None
        if not self._claim(binding, (port, address), now):
            return None
        binding.heard = now
        moved = self._select(binding, (port, address), request)
        mapped = (str(address[0]), int(address[1]))
        return Accepted(binding.owner, success(request, mapped, binding.password), moved)

    def _claim(self, binding: Binding[Owner], path: Path, now: float) -> bool:
        port, address = path
        holder = self._bindings[port].get(address)
        if holder is not None and holder is not binding:
            # The same peer after an ICE restart may keep its address; another one has to wait.
            if holder.owner is not binding.owner and now - holder.heard < CONSENT:
                return False
            self._free(holder, path)
        if path not in binding.paths:
            if len(binding.paths) >= MAX_ADDRESSES:
                unused = [known for known in binding.paths if known != binding.selected]
                self._free(binding, min(unused, key=lambda known: binding.paths[known]))
            self._bindings[port][address] = binding
            self.owners[port][address] = binding.owner
        binding.paths[path] = now
        return True

    def _select(self, binding: Binding[Owner], path: Path, request: BindingRequest) -> bool:
        # Before anything is nominated the first valid path will do: DTLS needs somewhere to go.
        if path == binding.selected or not (request.use_candidate or binding.selected is None):
            return False
        binding.selected = path
        return True

    def _free(self, binding: Binding[Owner], path: Path) -> None:
        port, address = path
        binding.paths.pop(path, None)
        self._bindings[port].pop(address, None)
        self.owners[port].pop(address, None)
        if binding.selected == path:
            binding.selected = None
