"""The commands, and with the stages every value of `stage=`."""

from email_assistant.pipeline.records import Catalog, Command, by_name
from email_assistant.pipeline.rules import rules_for
from email_assistant.stages.catalog import STAGES, USES_OF_AN_ADAPTER

COMMANDS = by_name(
    Command(
        name="plan",
        help="the memory and time that a training will need",
        module="email_assistant.commands.plan",
        inspects=True,
    ),
    Command(
        name="compare",
        help="runs side by side: which to use, and whether the difference is significant",
        module="email_assistant.commands.compare",
    ),
    Command(
        name="status",
        help="what exists, how old and large it is, what would run and why",
        module="email_assistant.commands.status",
        inspects=True,
    ),
    Command(
        name="clean",
        help="what no run refers to; clean.remove=true removes it",
        module="email_assistant.commands.clean",
    ),
    Command(
        name="lineage",
        help="what an adapter was made from, and whether all of it is unchanged",
        module="email_assistant.commands.lineage",
    ),
    Command(
        name="audit",
        help="what recent runs connected to, who may read their files, where mail text is stored",
        module="email_assistant.commands.audit",
    ),
    Command(
        name="purge",
        help="remove a person, a topic or a mail from everything (purge.match='from:bo@x.example')",
        module="email_assistant.commands.purge",
    ),
    Command(
        name="lock",
        help="encrypt everything with a passphrase",
        module="email_assistant.commands.lock",
    ),
    Command(
        name="unlock",
        help="decrypt it again",
        module="email_assistant.commands.lock",
    ),
)

CATALOG = Catalog(STAGES, {**USES_OF_AN_ADAPTER, **COMMANDS})
RULES = rules_for(CATALOG)
