"""AdamW over the weights of one network, with torch's own numbers.

torch.optim loads torch's compiler with its first optimizer, over a second in a process that wants to train soon.
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.999)
EPSILON = 1e-8
MOMENTS = ("mean", "square")


class AdamW:
    """Decoupled weight decay (Loshchilov & Hutter, 2019); `learning_rate` may be set before each step."""

    def __init__(self, parameters: Iterable[nn.Parameter], *, learning_rate: float, weight_decay: float):
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self._parameters = list(parameters)
        self._moments: dict[int, dict[str, Tensor]] = {}  # by the parameter's place, once it had a gradient
        self._steps: dict[int, int] = {}

    def clear_gradients(self) -> None:
        """Forget the gradients of the last step."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """Move every weight that has a gradient; those whose count of steps agrees are moved at once."""
        by_count: dict[int, list[int]] = {}
        for place, parameter in enumerate(self._parameters):
            if parameter.grad is None:
                continue
            if place not in self._moments:
                self._moments[place] = {name: torch.zeros_like(parameter) for name in MOMENTS}
            self._steps[place] = self._steps.get(place, 0) + 1
            by_count.setdefault(self._steps[place], []).append(place)
        for count, places in by_count.items():
            self._move(places, count)

    def moments(self) -> dict[str, Tensor]:
        """What a checkpoint keeps: by "place/name" the running means and the count of steps."""
        kept = {f"{place}/{name}": value for place, part in self._moments.items() for name, value in part.items()}
        return kept | {f"{place}/steps": torch.tensor(count) for place, count in self._steps.items()}

    def restore(self, moments: Mapping[str, Tensor]) -> None:
        """Take over what `moments` gave."""
        self._moments, self._steps = {}, {}
        for key, value in moments.items():
            place, _, name = key.partition("/")
            if name == "steps":
                self._steps[int(place)] = int(value)
            else:
                own = self._parameters[int(place)]
                self._moments.setdefault(int(place), {})[name] = value.to(own.device, own.dtype)

    def _move(self, places: list[int], count: int) -> None:
        weights = [self._parameters[place] for place in places]
        gradients = [weight.grad for weight in weights]
        mean, square = ([self._moments[place][name] for place in places] for name in MOMENTS)
        first, second = BETAS
        torch._foreach_mul_(weights, 1 - self.learning_rate * self.weight_decay)
        torch._foreach_lerp_(mean, gradients, 1 - first)
        torch._foreach_mul_(square, second)
        torch._foreach_addcmul_(square, gradients, gradients, 1 - second)
        root = torch._foreach_sqrt(square)
        torch._foreach_div_(root, (1 - second**count) ** 0.5)
        torch._foreach_add_(root, EPSILON)
        torch._foreach_addcdiv_(weights, mean, root, -self.learning_rate / (1 - first**count))
