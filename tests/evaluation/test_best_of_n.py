import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from composed import composed_config
from conftest import Call, model_settings

from email_assistant.configuration.schema import Config
from email_assistant.console import printable
from email_assistant.evaluation.best_of_n import best_completion
from email_assistant.evaluation.generate_mails import generate_best, generate_mails, sampling_params
from email_assistant.language_model.decoding import Completion, completion_seed
from email_assistant.language_model.generation import generate, generate_likeliest
from email_assistant.language_model.loading import LanguageModel, load_base
from email_assistant.storage import jsonl
from email_assistant.storage.records import GeneratedMail, Request

ASKED = ["Ask Bo for 12 ropes", "Tell Al that the lamp is lit"]


def ask(instruction: str, context: str | None = None) -> Request:
    return {"id": instruction, "instruction": instruction, "context": context}


def answer(text: str, finish_reason: Literal["stop", "length"] = "stop") -> Completion:
    return Completion(text, len(text.split()), finish_reason)


@pytest.mark.parametrize(
    ("note", "good", "bad"),
    [
        ("bo: cant come before friday", "Bo, I can't come before Friday.", "Bo, I can come before Friday."),
        ("bo: need 12 ropes for dover", "Bo, we need 12 ropes for Dover.", "Bo, we need 20 ropes for Dover."),
        (
            "bo: i bring the lamp, you bring oil",
            "Bo, I bring the lamp. You bring oil.",
            "Bo, you bring the lamp and I oil.",
        ),
        ("bo: lamp is lit. oil came monday", "Bo, the lamp is lit. The oil came on Monday.", "Bo, the lamp is lit."),
        ("bo: lamp is lit", "Bo, the lamp is lit.", "Bo, the lamp is lit. Greta has paid the harbour fee in Calais."),
        ("бо: в чт не могу", "Бо, в четверг я не могу.", "Бо, в четверг я могу."),
    ],
)
def test_the_mail_that_says_what_was_asked_wins(note: str, good: str, bad: str) -> None:
    for texts in ([good, bad], [bad, good]):
        assert best_completion(ask(note), [answer(text) for text in texts]).text == good


def test_the_first_of_equals_wins() -> None:
    first, second = answer("Bo, the rope."), answer("Bo, the rope.")
    assert best_completion(ask("bo: the rope"), [first, second]) is first


def test_of_mails_that_say_the_same_the_likelier_one_wins() -> None:
    garbled, clear = (
        Completion(text, 6, "stop", log_probability)
        for text, log_probability in (("Bo, lamp the is lit.", -0.9), ("Bo, the lamp is lit.", -0.2))
    )
    assert best_completion(ask("bo: lamp is lit"), [garbled, clear]) is clear


def test_of_drafts_for_a_note_the_one_with_all_its_words_wins_but_not_for_an_order_that_stays_one() -> None:
    # Six of seven content words are enough for the sense score.
    whole = Completion("Bo, the brass lamp in the north harbour window is lit.", 12, "stop", -0.5)
    most = Completion("Bo, the lamp in the north harbour window is lit.", 11, "stop", -0.3)
    note = "bo: brass lamp in north harbour window is lit"
    assert best_completion(ask(note), [most, whole]) is whole
    # An English order is read as that note.
    assert best_completion(ask(f"Tell {note.replace(':', ' that')}"), [most, whole]) is whole
    # This one is not: it is for one of two.
    left = "tell Bo or Ann that brass lamp in north harbour window is lit"
    assert best_completion(ask(left), [whole, most]) is most


def test_a_fact_outweighs_a_likelier_mail() -> None:
    right, likely = Completion("Bo, send 12 ropes.", 5, "stop", -0.5), Completion("Bo, send 20 ropes.", 5, "stop", -0.2)
    assert best_completion(ask("bo: send 12 ropes"), [likely, right]) is right


def test_what_the_answered_mail_says_counts_as_known() -> None:
    named, bare = answer("Yes, Greta can have the lamp on Sunday."), answer("Yes, she can have the lamp.")
    note = "yes she can have the lamp"
    assert best_completion(ask(note), [named, bare]) is bare
    assert best_completion(ask(note, "Can Greta have the lamp on Sunday?"), [named, bare]) is named


def test_a_complete_mail_wins_over_an_incomplete_one_that_says_more() -> None:
    cut, short = answer("The rope for Bo and the rope and", "length"), answer("The rope")
    assert best_completion(ask("a rope for Bo"), [cut, short]) is short
    assert best_completion(ask("a rope for Bo"), [answer("Hello", "length"), cut]) is cut


def test_the_first_candidate_is_the_mail_that_a_single_candidate_would_be() -> None:
    assert completion_seed(1, [2, 3]) == completion_seed(1, [2, 3], 0)
    assert len({completion_seed(1, [2, 3], candidate) for candidate in range(4)}) == 4


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> LanguageModel:
    return load_base(model_settings(tiny_model))


@pytest.fixture
def config(tiny_model: Path, archive: Path, tmp_path: Path) -> Config:
    made = composed_config(tiny_model, archive, tmp_path)
    made.generation.max_new_tokens, made.generation.temperature = 12, 1.0
    return made


def chosen(model: LanguageModel, config: Config, requests: list[str]) -> list[Completion]:
    written: dict[int, Completion] = {}
    prompts = [model.encoder.prompt(request) for request in requests]
    generate_best(
        model, [ask(request) for request in requests], prompts, config.generation, config.seed, written.__setitem__
    )
    return [written[index] for index in range(len(requests))]


def single(model: LanguageModel, config: Config, request: str, candidate: int) -> Completion:
    prompt, written = model.encoder.prompt(request), list[Completion]()
    seeds = [completion_seed(config.seed, prompt, candidate)]
    generate(model, [prompt], sampling_params(config.generation), seeds, 1, lambda _, answer: written.append(answer))
    return written[0]


def counted_rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The number of mails that each further call generates."""
    rows: list[int] = []

    def counted(*given: Any) -> None:
        rows.append(len(given[1]))
        generate(*given)

    monkeypatch.setattr("email_assistant.evaluation.generate_mails.generate", counted)
    return rows


def test_each_request_gets_the_best_of_its_own_candidates(model: LanguageModel, config: Config) -> None:
    config.generation.candidates = 3
    expected = [
        best_completion(ask(request), [single(model, config, request, candidate) for candidate in range(3)])
        for request in ASKED
    ]
    for batch_size in (1, 4):
        config.generation.batch_size = batch_size
        assert chosen(model, config, ASKED) == expected


def test_the_first_candidate_may_be_greedy(
    model: LanguageModel, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.generation.candidates, config.generation.greedy_first = 3, True
    seen: list[Completion] = []

    def first(request: Request, candidates: Sequence[Completion]) -> Completion:
        seen.extend(candidates)
        return candidates[0]

    monkeypatch.setattr("email_assistant.evaluation.generate_mails.best_completion", first)
    together = chosen(model, config, ASKED)
    assert len({mail.text for mail in seen[:3]}) == 3
    sampled = [single(model, config, ASKED[0], candidate) for candidate in (1, 2)]
    assert seen[1:3] == sampled
    config.generation.temperature = 0.0
    assert chosen(model, config, ASKED) == together


def test_beam_search_gives_the_candidates(
    model: LanguageModel, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config.generation.candidates, config.generation.search = 3, "beam"
    seen: list[Completion] = []

    def last(request: Request, candidates: Sequence[Completion]) -> Completion:
        seen.extend(candidates)
        return candidates[-1]

    monkeypatch.setattr("email_assistant.evaluation.generate_mails.best_completion", last)
    written = chosen(model, config, ASKED)
    found: dict[int, list[Completion]] = {}
    prompts = [model.encoder.prompt(request) for request in ASKED]
    generate_likeliest(model, prompts, sampling_params(config.generation), 3, 64, found.__setitem__)
    assert written == [found[index][-1] for index in range(len(ASKED))]
    assert len(seen) == 3 * len(ASKED)


def test_a_single_candidate_of_beam_search_is_greedy(model: LanguageModel, config: Config) -> None:
    config.generation.candidates, config.generation.search = 1, "beam"
    by_beam = chosen(model, config, ASKED)
    config.generation.search, config.generation.temperature = "sample", 0.0
    assert by_beam == chosen(model, config, ASKED)


def test_at_temperature_0_one_is_written(model: LanguageModel, config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    config.generation.candidates, config.generation.temperature = 3, 0.0
    rows = counted_rows(monkeypatch)
    greedy = chosen(model, config, ASKED)
    config.generation.candidates = 1
    assert chosen(model, config, ASKED) == greedy
    assert rows == [2, 2]


def test_finished_mails_are_not_written_again(
    model: LanguageModel, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = [{"id": request, "instruction": request} for request in ASKED]
    prompts, progress = [model.encoder.prompt(request) for request in ASKED], tmp_path / "progress.jsonl"
    whole = generate_mails(model, pairs, prompts, config.generation, config.seed, progress, "test")
    jsonl.write(progress, jsonl.read(progress)[:1])
    rows = counted_rows(monkeypatch)
    assert generate_mails(model, pairs, prompts, config.generation, config.seed, progress, "test") == whole
    assert rows == [config.generation.candidates]


def test_known_mails_are_not_written_and_finished_ones_come_first(
    model: LanguageModel, config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[Request] = [{"id": request, "instruction": request} for request in ASKED]
    prompts, progress = [model.encoder.prompt(request) for request in ASKED], tmp_path / "progress.jsonl"
    known, finished = (
        GeneratedMail(id=ASKED[0], text=text, tokens=1, ended=True) for text in ("known", "finished before")
    )
    rows = counted_rows(monkeypatch)
    settings = config.generation
    mails = generate_mails(model, requests[:1], prompts[:1], settings, config.seed, progress, "test", {ASKED[0]: known})
    assert (mails, sum(rows)) == ([known], 0)
    jsonl.write(progress, [finished])
    mails = generate_mails(model, requests, prompts, settings, config.seed, progress, "test", {ASKED[0]: known})
    assert mails[0] == finished
    assert sum(rows) == config.generation.candidates


def test_the_first_mail_is_handed_over_before_the_others_are_finished(
    model: LanguageModel, config: Config, tmp_path: Path
) -> None:
    requests: list[Request] = [{"id": request, "instruction": request} for request in (*ASKED, "Ask Al for a lamp")]
    prompts, progress = [model.encoder.prompt(request["id"]) for request in requests], tmp_path / "progress.jsonl"
    known = {ASKED[0]: GeneratedMail(id=ASKED[0], text="known", tokens=1, ended=True)}
    config.generation.candidates = config.generation.batch_size = 1
    handed: list[tuple[GeneratedMail, int]] = []

    def on_first(mail: GeneratedMail) -> None:
        handed.append((mail, len(jsonl.read(progress))))

    given = (model, requests, prompts, config.generation, config.seed, progress, "test", known, on_first)
    mails = generate_mails(*given)
    ((first, finished),) = handed
    assert (first in mails[1:], finished) == (True, 1)
    assert generate_mails(*given) == mails
    assert len(handed) == 1


@pytest.mark.slow
def test_typed_requests_get_the_mail_that_a_file_of_them_gets(run_py: Callable[..., Call], tmp_path: Path) -> None:
    asked, table = tmp_path / "asked.txt", tmp_path / "mails.csv"
    asked.write_text("Ask Bo for a rope\n", encoding="utf-8")
    for candidates in (1, 3):
        values = ["stage=infer", "generation.temperature=1.0", f"generation.candidates={candidates}"]
        done = run_py(*values, f"infer.input={asked}", f"infer.output={table}", "infer.csv_safe=false")
        assert done.code == 0, done.err
        with table.open(encoding="utf-8-sig", newline="") as file:
            ((_, mail),) = list(csv.reader(file))[1:]
        typed = run_py(*values, stdin="Ask Bo for a rope\n\n")
        assert typed.code == 0, typed.err
        assert printable(mail) in typed.out
