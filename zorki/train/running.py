"""The parts that Lightning runs: the module, and what happens after each step."""

from __future__ import annotations

import copy
import math
import time
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import nn

from zorki.core import events, processor
from zorki.core.errors import Stopped
from zorki.core.seeds import seed_for
from zorki.train.folder import ENDED, Folder
from zorki.train.lesson import Lesson
from zorki.train.plan import Plan
from zorki.train.signals import Signals
from zorki.train.together import OneNorm


def trainer(plan: Plan, folder: Folder, device: str, callbacks: list[Callback], processes: int = 1) -> Trainer:
    """So many steps, and no files but ours; one device, or as many as there are processes."""
    several: dict[str, Any] = {"strategy": "ddp", "plugins": [OneNorm()]} if processes > 1 else {}
    return Trainer(
        accelerator=device,
        devices=processes,
        **several,
        precision="bf16-mixed" if rough(plan, device) else "32-true",
        max_steps=plan.steps,
        max_epochs=-1,
        gradient_clip_val=plan.clip or None,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder.path,
        callbacks=callbacks,
        use_distributed_sampler=False,
        inference_mode=False,
    )


def rough(plan: Plan, device: str) -> bool:
    """Whether bfloat16 is used."""
    return plan.rough and (processor.bfloat16() if device == "cpu" else True)


def sound(loss: torch.Tensor, step: int, folder: str) -> None:
    """Raises Stopped for a loss that is no number."""
    if not math.isfinite(float(loss.detach())):
        raise Stopped(
            f"The loss at step {step} is no number any more.", f"The last state is in {folder}.", "Try a smaller rate, in another folder."
        )


class Taught(LightningModule):
    """A lesson as Lightning wants it; only the lesson's net is trained and kept."""

    def __init__(self, lesson: Lesson, plan: Plan) -> None:
        super().__init__()
        self.lesson, self.plan, self.net = lesson, plan, lesson.net
        self.parts: dict[str, torch.Tensor] = {}

    def training_step(self, shown: Any) -> torch.Tensor:
        torch.manual_seed(seed_for(self.plan.seed, "loss", self.global_step) % 2**63)
        loss, parts = self.lesson.loss(shown)
        sound(loss, self.global_step + 1, self.trainer.default_root_dir)
        self.parts = {"loss": loss.detach(), **{k: v.detach() for k, v in parts.items()}}
        return loss

    def on_train_start(self) -> None:
        """A state that was learnt at other rates goes on at those of the plan."""
        adam, falling = self.trainer.optimizers[0], self.trainer.lr_scheduler_configs[0].scheduler
        rates = [self.plan.rate * g.get("times", 1.0) for g in self.lesson.groups()]
        if rates != falling.base_lrs:
            falling.base_lrs = rates
            for group, rate in zip(adam.param_groups, rates, strict=True):
                group["lr"] = rate * self.plan.share(self.trainer.global_step)
                group["initial_lr"] = rate

    def configure_optimizers(self) -> Any:
        groups = [
            {**{k: v for k, v in g.items() if k != "times"}, "lr": self.plan.rate * g.get("times", 1.0)} for g in self.lesson.groups()
        ]
        adam: torch.optim.Optimizer = (
            torch.optim.Adam(groups, self.plan.rate, betas=(0.9, 0.99))
            if self.plan.decay is None
            else torch.optim.AdamW(groups, self.plan.rate, betas=(0.9, 0.99), weight_decay=self.plan.decay)
        )
        falling = torch.optim.lr_scheduler.LambdaLR(adam, self.plan.share)
        return {"optimizer": adam, "lr_scheduler": {"scheduler": falling, "interval": "step"}}


class Averaged(Callback):
    """The moving average of the weights, beside them; `net` is a copy that holds it."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.net = plan, nn.Module()
        self.waiting: dict[str, Any] | None = None

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        assert isinstance(pl_module, Taught)
        self.net = copy.deepcopy(pl_module.net).requires_grad_(False)
        if self.waiting is not None:
            self.net.load_state_dict(self.waiting)

    @torch.no_grad()
    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        assert isinstance(pl_module, Taught)
        share = 1 - self.plan.kept(trainer.global_step)
        torch._foreach_lerp_(list(self.net.parameters()), list(pl_module.net.parameters()), share)
        for here, there in zip(self.net.buffers(), pl_module.net.buffers(), strict=True):
            here.copy_(there)

    def state_dict(self) -> dict[str, Any]:
        return dict(self.net.state_dict())

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.waiting = state_dict


class Told(Callback):
    """Adds figures up and, now and then, writes a line of them and tells it; keeps the best weights, and ends what gets no better."""

    def __init__(self, folder: Folder, plan: Plan, lesson: Lesson, average: Averaged) -> None:
        self.folder, self.plan, self.lesson, self.average = folder, plan, lesson, average
        self.sums: dict[str, float] = {}
        self.count, self.best, self.since = 0, float("inf"), 0

    def on_train_batch_end(self, trainer: Trainer, pl_module: LightningModule, *_: Any) -> None:
        assert isinstance(pl_module, Taught)
        for name, value in pl_module.parts.items():
            self.sums[name] = self.sums.get(name, 0.0) + float(value)
        self.count += 1
        step = trainer.global_step
        means = {name: total / self.count for name, total in self.sums.items()}
        events.tell(
            "training", step, self.plan.steps, loss=float(pl_module.parts["loss"]), parts={k: v for k, v in means.items() if k != "loss"}
        )
        judged = self.plan.check is not None and self.turn(step, self.plan.check)
        if not judged and not self.turn(step, self.plan.tell):
            return
        row: dict[str, Any] = {"step": step, **{k: round(v, 6) for k, v in means.items()}}
        self.sums, self.count = {}, 0
        worth: float | None = None
        if judged:
            figures = dict(self.lesson.figures(self.average.net))
            worth = figures["worth"]
            row |= figures
        elif self.plan.check is None:
            said = self.lesson.worth()
            worth = means["loss"] if said is None else said
            row["worth"] = round(worth, 6)
        if worth is not None:
            self.since = 0 if worth < self.best else self.since + 1
            if self.plan.patience and self.since >= self.plan.patience and step < self.plan.steps:
                row[ENDED], trainer.should_stop = self.since, True
        self.folder.append(row)
        if worth is not None and worth < self.best:
            self.best = worth
            self.folder.save("best", self.average.net.state_dict())

    def turn(self, step: int, every: int) -> bool:
        return step % every == 0 or step == self.plan.steps

    def state_dict(self) -> dict[str, Any]:
        return {"sums": self.sums, "count": self.count, "best": self.best, "since": self.since}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.sums, self.count, self.best = dict(state_dict["sums"]), state_dict["count"], state_dict["best"]
        self.since = state_dict.get("since", 0)  # a state of an earlier version has none


class Kept(Callback):
    """Writes the state every so often, and when the training ends, is broken off by a signal, or is stopped by what a lesson raises."""

    def __init__(self, folder: Folder, plan: Plan, signals: Signals) -> None:
        self.folder, self.plan, self.signals, self.written, self.last = folder, plan, signals, time.monotonic(), -1

    def on_train_start(self, trainer: Trainer, *_: Any) -> None:
        self.signals.wait()  # Lightning has put a listener of its own there
        self.folder.rewind(trainer.global_step)
        self.written, self.last = time.monotonic(), trainer.global_step

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        stop, due = self.signals.came is not None, time.monotonic() - self.written >= self.plan.keep
        if trainer.world_size > 1:  # what one of them has heard all do
            stop, due = (trainer.strategy.reduce_boolean_decision(said, all=False) for said in (stop, due))
        if stop or due:
            self.now(trainer)
        if stop:
            trainer.should_stop = True

    def now(self, trainer: Trainer) -> None:
        """State and averaged weights, unless they are written already."""
        if trainer.global_step == self.last:
            return
        average = next(c for c in trainer.callbacks if isinstance(c, Averaged))  # type: ignore[attr-defined]
        self.folder.save("last", average.net.state_dict())  # before the state: a run that is finished by its state has all the rest
        if trainer.is_global_zero:
            self.folder.write(self.folder.state, lambda part: trainer.save_checkpoint(part))
        else:
            trainer.save_checkpoint(self.folder.state)  # all of them meet in it, and the first one writes
        self.written, self.last = time.monotonic(), trainer.global_step
