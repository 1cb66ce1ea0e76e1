"""Moves on boards: each one against the rules of its game, and the end against what is wanted."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from assay.core.errors import TaskError, shorten
from assay.verifiers.characters import Refused
from assay.verifiers.puzzles.base import PuzzleVerifier, Ruling
from assay.verifiers.puzzles.board_games import Game, LineGame
from assay.verifiers.puzzles.board_puzzles import KnightGame, PegGame, QueensGame
from assay.verifiers.puzzles.chess import ChessGame
from assay.verifiers.puzzles.lists import shown, whole
from assay.verifiers.puzzles.search import Budget, OutOfBudget

GAMES: Mapping[str, Game] = {
    "tic_tac_toe": LineGame(3, 3, 3),
    "connect_four": LineGame(7, 6, 4, gravity=True),
    "queens": QueensGame(),
    "knights_tour": KnightGame(),
    "peg_solitaire": PegGame(),
    "chess": ChessGame(),
}
_STEPS = 20_000  # positions looked at; a second or two in the slowest of the games


class Situation(NamedTuple):
    """A game, the state of its board, what is wanted, and within how many moves."""

    game: Game
    state: Hashable
    wanted: str
    bound: int | None


@dataclass(frozen=True)
class BoardVerifier(PuzzleVerifier[Situation]):
    """Whether moves keep the rules of a game, and reach what is wanted.

    Attributes:
        game: `tic_tac_toe`, `connect_four`, `queens`, `knights_tour`, `peg_solitaire` or `chess`.
        position: as the game's own class describes it; None: where the game begins.
        wanted: "legal": the moves can be played one after the other, both sides in turn; "win":
            one move, after which its player wins by force; "solved": the moves solve the puzzle.
            Default: "legal" with two players, "solved" with one.
        bound: for "win", within how many moves of the winner (1: at once); else the most moves.

    Example:
        >>> BoardVerifier("tic_tac_toe", "XX./OO./...", wanted="win").verify("c3").passed
        True
    """

    name = "board"
    claim = "board"
    needs = ("game",)

    game: str | None = None
    position: Any = None
    wanted: Literal["legal", "win", "solved"] | None = None
    bound: int | None = None

    def read_goal(self, given: dict[str, Any]) -> Situation:
        """Game and position, checked."""
        game = GAMES.get(given["game"]) if isinstance(given["game"], str) else None
        if game is None:
            raise TaskError(f"game={shorten(given['game'])} is none of {', '.join(GAMES)}.")
        wanted = given["wanted"] or ("legal" if game.players == 2 else "solved")
        if wanted not in (("legal", "win") if game.players == 2 else ("legal", "solved")):
            raise TaskError(f"wanted={shorten(wanted)} is nothing that {given['game']} can reach.")
        bound = given["bound"]
        if bound is not None or wanted == "win":
            bound = whole(1 if bound is None else bound, "bound", 1)
        try:
            state = game.begin(given["position"])
        except Refused as refusal:
            raise TaskError(f"position={shorten(given['position'])}: {refusal}") from refusal
        if game.result(state):
            raise TaskError("The game of the task is over before the first move.")
        return Situation(game, state, wanted, bound)

    def rule(self, goal: Situation, text: str) -> Ruling:
        """Play the moves in order."""
        moves = goal.game.split(text, self.limits)
        if not moves:
            raise Refused("The answer has no moves.", "no_answer")
        state, canonical = goal.state, shown(moves)
        for number, move in enumerate(moves, 1):
            after = goal.game.play(state, move)
            if after is None:
                return Ruling("illegal", f"Move {number} is against the rules.", canonical)
            state = after
        if goal.wanted == "win":
            return self._forced(goal, state, len(moves), canonical)
        if goal.bound is not None and len(moves) > goal.bound:
            return Ruling("length", "There are too many moves.", canonical, str(goal.bound))
        if goal.wanted == "solved" and goal.game.result(state) != "solved":
            return Ruling("unsolved", "The moves do not solve the puzzle.", canonical)
        return Ruling("", "The moves keep the rules and reach what is wanted.", canonical)

    def _forced(self, goal: Situation, state: Hashable, n_moves: int, canonical: str) -> Ruling:
        if n_moves != 1:
            raise Refused("One move was asked for.", "ambiguous")
        try:
            wins = _wins(goal.game, state, goal.bound or 1, Budget(_STEPS))
        except OutOfBudget:
            raise Refused("That the move wins was neither shown nor refuted.", "unproven") from None
        if not wins:
            return Ruling("no_win", "The move does not win by force in time.", canonical)
        return Ruling("", "The move wins.", canonical)

    def count_solutions(self, goal: Situation) -> int | None:
        """Moves that are legal or win, or ways to solve a puzzle: up to two."""
        budget = Budget(_STEPS)
        try:
            if goal.wanted == "solved":
                return _count_solved(goal, budget)
            found = 0
            for state in goal.game.successors(goal.state):
                if goal.wanted == "legal" or _wins(goal.game, state, goal.bound or 1, budget):
                    found += 1
                    if found == 2:
                        break
            return found
        except OutOfBudget:
            return None


def _wins(game: Game, state: Hashable, within: int, budget: Budget) -> bool:
    """Whether the player who moved last wins by force, with `within - 1` further moves."""
    budget.spend()
    result = game.result(state)
    if result or within == 1:
        return result == "won"
    return all(
        any(_wins(game, mine, within - 1, budget) for mine in game.successors(reply))
        for reply in game.successors(state)
    )


def _count_solved(goal: Situation, budget: Budget) -> int | None:
    """Ways to solve a puzzle for one, up to two, depth first; None: some, and not counted.

    Two orders of jumps can lead to one position of pegs, so those are not told apart.
    """
    found = 0
    seen: set[Hashable] = set()
    stack: list[tuple[Hashable, int]] = [(goal.state, 0)]
    while stack:
        state, depth = stack.pop()
        if goal.game.result(state) == "solved":
            found += 1
            if found == 2 or isinstance(goal.game, PegGame):
                return None if isinstance(goal.game, PegGame) else 2
            continue
        if goal.bound is not None and depth >= goal.bound:
            continue
        for after in goal.game.successors(state):
            budget.spend()
            if (after, depth + 1) not in seen:
                seen.add((after, depth + 1))
                stack.append((after, depth + 1))
    return found
