"""Installs Gemma 3 270M, which is not bundled: its licence has to be accepted.

`make gemma` calls `python -m email_assistant.language_model.gemma3 REQUIREMENTS FOLDER`.
"""

import sys
from contextlib import suppress

from email_assistant.language_model.bundled_model import call_parser, run_install
from email_assistant.privacy import guard

LICENCE = "Gemma 3 270M is a model by Google under the Gemma Terms of Use: https://ai.google.dev/gemma/terms"
SHA256 = "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818"
# The turns of Gemma's instruct models: the pretrained model has these tokens, but no template.
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}<start_of_turn>"
    "{{ 'model' if message['role'] == 'assistant' else message['role'] }}\n"
    "{{ message['content'] }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)


def is_accepted(answer: str | None) -> bool:
    """Show the licence and whether it is accepted: by `answer` or, if that is None, by what is typed."""
    print(LICENCE)
    if answer is None and sys.stdin.isatty():
        # The end of the input, as after Ctrl-D, accepts nothing.
        with suppress(EOFError):
            answer = input("Do you accept these terms? Type yes: ")
    return answer is not None and answer.strip().lower() == "yes"


def main() -> int:
    """The command line."""
    guard.protect()
    parser = call_parser(__doc__)
    parser.add_argument("--accept", metavar="yes", help="accept the licence without being asked")
    arguments = parser.parse_args()
    if not is_accepted(arguments.accept):
        print("error: the terms were not accepted; make gemma ACCEPT=yes accepts them", file=sys.stderr)
        return 1
    print(f"downloading 240 MB and converting them to {arguments.folder} (only once; about a minute)", flush=True)
    return run_install(arguments.requirements, arguments.folder, SHA256, CHAT_TEMPLATE)


if __name__ == "__main__":
    sys.exit(main())
