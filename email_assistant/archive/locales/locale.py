"""The words of one language that the archive's rules need."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Locale:
    """The words of one language, all matched without case.

    Fields are literal words unless their description says that they are regular expressions.

    Attributes:
        openings: First words of attributions ('On', 'Am'). A digit or an address can begin any attribution.
        days: Beginnings of the names of weekdays, which can also begin an attribution.
        verbs: Verbs of attributions ('wrote', 'schrieb').
        you_wrote: Attributions that address the reader ('you wrote'); regular expressions.
        sender: Labels for From in a quoted header block.
        dates: Labels for the date; the first is the one that only mail uses.
        recipients: Labels for the recipients and other fields.
        subjects: Labels for the subject.
        users: Words for 'user' before the name in an attribution ('пользователь Jane Roe написал').
        elisions: Stems of the remark that a part of a quote was left out ('snip'), in lower case.
        messages: Words for 'message' in 'Original Message' between dashes.
        reply_lines: What help desks ask for above the quoted message: to answer above this line; regular expressions.
        forwards: Lines above a quoted or forwarded message that have no dashes.
        forwarded: Stems for 'forwarded' in such lines; regular expressions.
        devices: Beginnings of the line that a phone adds ('Sent from my').
        apps: Whole lines that say where to get a program, with {} for the system ('Outlook für {} herunterladen').
        device_origins: Beginnings of such a line without a verb, or with one at its end ('From my', 'Von meinem').
        device_verbs: Verbs that end such a line after the name of a device ('gesendet').
        device_nouns: Stems of words for devices that such a line may name ('phone'), in lower case.
        excuses: Stems of words of the second sentence of such a line ('typo', 'brevity'), in lower case.
        notices: Headings of disclaimers ('Confidentiality notice'), in lower case.
        invitations: First lines of the invitation that a program for meetings adds; regular expressions.
        list_footers: Words of the footers of mailing lists, in lower case.
        list_reasons: Beginnings of the sentence that says why a list sent the mail; regular expressions.
        banners: What a gateway says above a mail from outside, both parts in any order; regular expressions.
        answers_below: Announcements of answers within the quoted mail; regular expressions.
        advertisement_words: Words of which every advertisement has one, in lower case: a quick test.
        advertisements: Advertisements of mail services and programs; regular expressions.
        scanned: Verbs of virus scanners, in a sentence with 'virus'; regular expressions.
        disclaimers: Word stems of disclaimers by topic, in lower case.
        months: Beginnings of the names of the twelve months, in lower case.
        sent_folders: Beginnings of the names of folders and labels of sent mail; regular expressions.
        draft_folders: Whole names of folders and labels of drafts; regular expressions, like the next three.
        trash_folders: Those of deleted mail.
        spam_folders: Those of spam.
        template_folders: Those of templates.
        on_behalf: Words for 'on behalf of' between two people in From; regular expressions.
        via: Words for 'via' in 'Jane Roe via the list'.
        reply_prefixes: Prefixes of the subjects of answers, before a colon ('Re', 'AW'); regular expressions.
        forward_prefixes: Those of mails that were passed on ('Fwd', 'WG').
        vacation_subjects: Beginnings of the subjects of automatic replies; regular expressions.
        bounce_subjects: Beginnings of the subjects of bounces; regular expressions.
        recalls: What Outlook writes before the subject of a mail that somebody takes back; regular expressions.
        receipt_subjects: Beginnings of the subjects of receipts, before a colon; regular expressions.
        calendar_subjects: Beginnings of the subjects of answers to invitations, before a colon; regular expressions.
        contact_labels: Labels of telephone numbers and the like in signatures.
        postscripts: Beginnings of postscripts; regular expressions.
        password_words: Words before a password; regular expressions.
        phone_words: Words before a telephone number.
        passport_words: Words before the number of a passport; regular expressions.
        account_words: Words before a bank account; regular expressions.
        tax_words: Words before a tax or social security number; regular expressions.
        phone_regions: The countries in which telephone numbers without a country code may be (ISO 3166).
    """

    openings: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    verbs: tuple[str, ...] = ()
    you_wrote: tuple[str, ...] = ()
    sender: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    recipients: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    elisions: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    reply_lines: tuple[str, ...] = ()
    forwards: tuple[str, ...] = ()
    forwarded: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    device_origins: tuple[str, ...] = ()
    device_verbs: tuple[str, ...] = ()
    device_nouns: tuple[str, ...] = ()
    excuses: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    invitations: tuple[str, ...] = ()
    list_footers: tuple[str, ...] = ()
    list_reasons: tuple[str, ...] = ()
    banners: tuple[str, ...] = ()
    answers_below: tuple[str, ...] = ()
    advertisement_words: tuple[str, ...] = ()
    advertisements: tuple[str, ...] = ()
    scanned: tuple[str, ...] = ()
    disclaimers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    months: tuple[str, ...] = ()
    sent_folders: tuple[str, ...] = ()
    draft_folders: tuple[str, ...] = ()
    trash_folders: tuple[str, ...] = ()
    spam_folders: tuple[str, ...] = ()
    template_folders: tuple[str, ...] = ()
    on_behalf: tuple[str, ...] = ()
    via: tuple[str, ...] = ()
    reply_prefixes: tuple[str, ...] = ()
    forward_prefixes: tuple[str, ...] = ()
    vacation_subjects: tuple[str, ...] = ()
    bounce_subjects: tuple[str, ...] = ()
    recalls: tuple[str, ...] = ()
    receipt_subjects: tuple[str, ...] = ()
    calendar_subjects: tuple[str, ...] = ()
    contact_labels: tuple[str, ...] = ()
    postscripts: tuple[str, ...] = ()
    password_words: tuple[str, ...] = ()
    phone_words: tuple[str, ...] = ()
    passport_words: tuple[str, ...] = ()
    account_words: tuple[str, ...] = ()
    tax_words: tuple[str, ...] = ()
    phone_regions: tuple[str, ...] = ()
