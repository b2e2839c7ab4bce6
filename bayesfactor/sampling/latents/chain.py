"""One chain of the conditional sampler: latent variables, the kernel's theta and coefficients in turn."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np

from bayesfactor.sampling.kernels.normal_kernel import coefficients_normal, write_moments
from bayesfactor.sampling.latents.hamiltonian import StepSize, Transition, transition
from bayesfactor.sampling.latents.loading_moves import LoadingMoves
from bayesfactor.sampling.latents.rows import add_statistics
from bayesfactor.sampling.latents.state import Latent, State

Recorded = dict[str, np.ndarray]
TRAJECTORIES = 3  # of theta in a sweep: they cost little beside the rows that a sweep passes over


@dataclass
class Chain:
    """A chain, one sweep at a time.

    Attributes
    ----------
    state : State
    latents : sequence of Latent
    moves : LoadingMoves or None
        How loadings move.
    variance : array
        Of theta, for the mass matrix.
    step : StepSize
    """

    state: State
    latents: Sequence[Latent]
    moves: LoadingMoves | None
    variance: np.ndarray
    step: StepSize
    _sums: list[np.ndarray] = field(default_factory=list)
    _ahead: np.ndarray | None = None

    def start(self) -> None:
        """Draw coefficients and moves at the first theta."""
        self.write_statistics(self.state.buffer)
        self._coefficients()

    def sweep(self, step: float) -> Transition:
        """Draw everything once, and leave the posterior as it is.

        Latent variables given coefficients; then theta, and what goes with it, with coefficients and moves of loadings
        integrated out; then these given theta.
        """
        state = self.state
        for latent in self.latents:
            latent.given_coefficients(state)
        self.write_statistics(state.buffer)
        for latent in self.latents:
            latent.given_statistics(state)
        records = []
        for _ in range(TRAJECTORIES):
            state.theta, record = transition(state.theta, state.buffer, self.variance, step, state.rng)
            records.append(record)
        self._coefficients()
        return replace(records[-1], diverging=any(one.diverging for one in records))

    def run(self, tune: int, draws: int, thin: int, done: Callable[[], None]) -> tuple[Recorded, Recorded]:
        """Return draws by name, and the sampler's record, after a warm-up; `thin` sweeps are made for each draw."""
        self.start()
        self.state.tuning = True
        for _ in range(tune):
            self.step.adapt(self.sweep(self.step.now).mean_tree_accept)
            done()
        self.state.tuning = False
        kept: list[Recorded] = []
        records: list[Recorded] = []
        for _ in range(draws):
            for _ in range(thin):
                record = self.sweep(self.step.final)
            kept.append(self._kept())
            records.append({name: np.asarray(value) for name, value in asdict(record).items()})
            done()
        return _stacked(kept), _stacked(records)

    def _kept(self) -> Recorded:
        state = self.state
        found = {"theta": state.theta.copy(), "coefficients": state.coefficients[:, : 1 + state.factors].copy()}
        if len(state.rows.u):
            found["moves"] = np.zeros((len(state.coefficients), state.factors)) if self._ahead is None else self._ahead
        for latent in self.latents:
            found |= latent.record(state)
        return found

    def write_statistics(self, buffer: np.ndarray) -> None:
        """Write the cross-products of x and z into a buffer, with the moves of loadings integrated out."""
        rows = self.state.rows
        (n, _), p, q = rows.y.shape, len(rows.x), len(rows.z)
        first = 0 if not self._sums or rows.changed else p
        if not self._sums:
            self._sums = [np.zeros((n, p + q, p + q)), np.zeros((n, p + q)), np.zeros(n)]
        xx, xy, yy = self._sums
        add_statistics(rows.x, rows.z, rows.y, rows.root, rows.seen, first, xx, xy, yy)
        rows.changed = False
        if self.moves is not None:
            self.moves.integrate(rows, first, xx, xy, yy)
        write_moments(buffer, xx, xy, yy)

    def _coefficients(self) -> None:
        """Draw coefficients given theta, and then the moves of loadings given both."""
        state = self.state
        n, p = state.coefficients.shape
        drawn = np.empty((1, n, p))
        normals = state.rng.standard_normal((1, p, n))
        coefficients_normal(state.theta[None], state.buffer, normals, drawn)
        state.coefficients = drawn[0]
        if self.moves is not None:
            law = state.law()
            loading = np.ascontiguousarray(state.loading)
            self._ahead = self.moves.draw(state.rows, state.on_rows(law), loading, law.sigma, state.rng)


def _stacked(records: Sequence[Recorded]) -> Recorded:
    return {name: np.stack([one[name] for one in records]) for name in records[0]}
