"""The texts of the page, in English and Russian."""

from collections.abc import Mapping, Sequence

Texts = Mapping[str, str]
ENGLISH: Texts = {
    "title": "Write a mail",
    "other_language": "Русский",
    "request": "What should the mail say?",
    "who": "Say who does what: “i need it”, “it needs mending”, “are you coming?”. Other small words may go.",
    "write": "Write",
    "stop": "Stop",
    "recipient": "To",
    "recipient_hint": "Name or address (optional)",
    "subject": "Subject",
    "answer": "Mail to answer",
    "answer_hint": "Paste it here, or drop an .eml file anywhere on this page (optional)",
    "answer_unread": "This model was not trained on replies, so it does not read this mail. Only the recipient and the "
    "subject are taken from it, and its names, dates and numbers are not marked in the draft.",
    "choose_file": "Choose a file…",
    "remove_mail": "Remove",
    "draft": "Draft",
    "draft_empty": "The draft appears here as it is written. Edit it as you like.",
    "drafts": "Drafts",
    "shorter": "Shorter",
    "longer": "Longer",
    "another": "Another",
    "keep": "Keep this sentence",
    "keep_hint": "Rewrites everything else. Put the cursor in the sentence, or select it.",
    "copy": "Copy",
    "save": "Save as draft",
    "save_hint": "A file that your mail program opens for editing. Nothing is sent.",
    "learn_ask": "Keep your edited drafts, so that the model can learn from them? They stay on this machine, in the "
    "file outputs/compose/edits.jsonl.",
    "learn_yes": "Yes, keep them",
    "learn_no": "No",
    "learning_yes": "Drafts that you copy or save are kept for training.",
    "learning_no": "Drafts are not kept for training.",
    "learning_stop": "Stop keeping them",
    "learning_start": "Keep them",
    "lost": "Missing from the draft:",
    "added": "Only in the draft:",
    "guessed": "Who or what? Your note does not say:",
    "checked": "Names, dates and numbers seem to match. Read the draft anyway.",
    "history": "Earlier drafts",
    "keys": "Ctrl+Enter writes · Esc stops · Ctrl+S saves",
    "local": "Everything stays on this machine.",
    "model": "Model",
    "loading": "The model is loading. You can already type.",
    "missing": "There is no model that writes like you yet.",
    "missing_todo": "Train one, then start this page again:",
    "failed": "The model cannot be loaded:",
    "not_own": "This model writes mail, but not like you yet. Train it on your sent mail:",
    "read_as": "Read as:",
    "take": "Edit this reading",
    "take_hint": "Puts it into the field above, so that you can change it and write again",
    "order": "This reads like an order to an assistant. Type rough notes to the recipient instead, for example:",
    "writing": "Writing…",
    "choosing": "Writing several drafts and choosing the best…",
    "done": "Done.",
    "best": "Done. Draft {n} seems to say it best.",
    "suggested": "suggested",
    "stopped": "Stopped.",
    "copied": "Copied.",
    "saved": "Saved. Open the file with your mail program.",
    "saved_left_out": "Saved. Left out of “To”, because it has no valid address: {names}",
    "saved_without_to": "Saved without a recipient, because “To” has no address.",
    "nothing_to_save": "There is no draft to save yet.",
    "too_long": "The draft was cut off at the maximum length.",
    "mail_cut": "This mail is very long. Only its first 60,000 characters are used.",
    "reading": "Reading the mail…",
    "mail_taken": "The mail to answer, its sender and its subject are filled in.",
    "one_mail": "A draft answers one mail. Of these files, only the first is used: {name}",
    "request_cut": "The text is too long. Only its first 8,000 characters are used.",
    "no_shorter": "None of the new drafts was clearly shorter.",
    "no_longer": "None of the new drafts was clearly longer.",
    "error_empty": "First type what the mail should say.",
    "error_busy": "Too many requests at once. Try again in a moment.",
    "error_context_length": "The request and the mail to answer are too long for this model. Shorten them.",
    "error_unavailable": "The model is not ready.",
    "error_model_stopped": "The model stopped before the draft was complete. Try again in a moment.",
    "error_conversation": "This model does not accept this request.",
    "error_too_large": "The file is too large (at most 8 MB).",
    "error_invalid_value": "The text in one of the fields is too long.",
    "error_not_a_mail": "This file is not a mail, or has no text. Text can be pasted into “Mail to answer”.",
    "error_access": "You are no longer signed in. Open the link that the terminal shows in another tab, then "
    "continue here.",
    "error_internal_error": "Something went wrong. The terminal shows the error.",
    "error_network": "The program is not responding. Is it still running in the terminal?",
    "reached": "The program is responding again.",
    "login_title": "Sign in",
    "login_open": "Open the link that the terminal shows, or paste the token of this installation. It is in the file "
    "outputs/compose/token.",
    "login_used": "This link has already been used or has expired.",
    "login_wrong": "This token is wrong.",
    "login_token": "Token",
    "login_go": "Open the page",
    "opened": "You are signed in.",
    "opened_go": "Continue",
}
RUSSIAN: Texts = {
    "title": "Написать письмо",
    "other_language": "English",
    "request": "Что написать?",
    "who": "Пишите, кто что делает: «мне нужно», «она сломалась», «ты придёшь?». Другие мелкие слова можно опускать.",
    "write": "Написать",
    "stop": "Остановить",
    "recipient": "Кому",
    "recipient_hint": "Имя или адрес (необязательно)",
    "subject": "Тема",
    "answer": "Письмо, на которое отвечаете",
    "answer_hint": "Вставьте его сюда или перетащите файл .eml на страницу (необязательно)",
    "answer_unread": "Эта модель не обучена отвечать на письма и не читает исходное письмо. Из него берутся только "
    "адресат и тема, а имена, даты и числа из него не отмечаются в черновике.",
    "choose_file": "Выбрать файл…",
    "remove_mail": "Убрать",
    "draft": "Черновик",
    "draft_empty": "Здесь появится черновик. Его можно править.",
    "drafts": "Черновики",
    "shorter": "Короче",
    "longer": "Длиннее",
    "another": "Ещё один",
    "keep": "Оставить это предложение",
    "keep_hint": "Всё остальное будет переписано. Поставьте курсор в это предложение или выделите его.",
    "copy": "Скопировать",
    "save": "Сохранить черновик",
    "save_hint": "Файл, который почтовая программа откроет для правки. Ничего не отправляется.",
    "learn_ask": "Запоминать исправленные вами черновики, чтобы модель на них училась? Они останутся на этом "
    "компьютере, в файле outputs/compose/edits.jsonl.",
    "learn_yes": "Да, запоминать",
    "learn_no": "Нет",
    "learning_yes": "Черновики, которые вы копируете или сохраняете, запоминаются для обучения.",
    "learning_no": "Черновики для обучения не запоминаются.",
    "learning_stop": "Больше не запоминать",
    "learning_start": "Запоминать",
    "lost": "Нет в черновике:",
    "added": "Есть только в черновике:",
    "guessed": "Кто или что? В запросе этого нет:",
    "checked": "Имена, даты и числа, похоже, те же. Всё равно перечитайте черновик.",
    "history": "Предыдущие черновики",
    "keys": "Ctrl+Enter — написать · Esc — остановить · Ctrl+S — сохранить",
    "local": "Всё остаётся на этом компьютере.",
    "model": "Модель",
    "loading": "Модель загружается. Вводить текст уже можно.",
    "missing": "Модели, которая пишет в вашем стиле, пока нет.",
    "missing_todo": "Обучите её и запустите страницу заново:",
    "failed": "Не удалось загрузить модель:",
    "not_own": "Эта модель пишет письма, но пока не в вашем стиле. Обучите её на своих письмах:",
    "read_as": "Прочитано как:",
    "take": "Поправить",
    "take_hint": "Переносит этот текст в поле выше: его можно изменить и написать письмо заново",
    "order": "Похоже на поручение помощнику. Лучше набросайте, что сказать самому адресату, например:",
    "writing": "Пишу…",
    "choosing": "Пишу несколько черновиков и выбираю лучший…",
    "done": "Готово.",
    "best": "Готово. Похоже, лучше всего получился черновик {n}.",
    "suggested": "рекомендуемый",
    "stopped": "Остановлено.",
    "copied": "Скопировано.",
    "saved": "Сохранено. Откройте файл в почтовой программе.",
    "saved_left_out": "Сохранено без этих адресатов из поля «Кому», потому что у них нет правильного адреса: {names}",
    "saved_without_to": "Сохранено без адресата: в поле «Кому» нет адреса.",
    "nothing_to_save": "Сохранять пока нечего: черновика нет.",
    "too_long": "Черновик обрезан: достигнута максимальная длина.",
    "mail_cut": "Это письмо очень длинное. Используются только первые 60 000 знаков.",
    "reading": "Читаю письмо…",
    "mail_taken": "Письмо, отправитель и тема подставлены.",
    "one_mail": "Ответить можно только на одно письмо. Взят первый файл: {name}",
    "request_cut": "Текст слишком длинный. Используются только первые 8000 знаков.",
    "no_shorter": "Ни один из новых черновиков не стал заметно короче.",
    "no_longer": "Ни один из новых черновиков не стал заметно длиннее.",
    "error_empty": "Сначала напишите, о чём письмо.",
    "error_busy": "Слишком много запросов сразу. Повторите попытку чуть позже.",
    "error_context_length": "Запрос и исходное письмо вместе слишком длинные для этой модели. Сократите их.",
    "error_unavailable": "Модель не готова.",
    "error_model_stopped": "Модель остановилась, не дописав черновик. Повторите попытку чуть позже.",
    "error_conversation": "Эта модель не принимает такой запрос.",
    "error_too_large": "Файл слишком большой (не более 8 МБ).",
    "error_invalid_value": "В одном из полей текст слишком длинный.",
    "error_not_a_mail": "Этот файл — не письмо, или в письме нет текста. Текст можно вставить в поле "
    "«Письмо, на которое отвечаете».",
    "error_access": "Сеанс завершён. Откройте ссылку из терминала в другой вкладке и продолжайте здесь.",
    "error_internal_error": "Произошла ошибка. Подробности — в терминале.",
    "error_network": "Программа не отвечает. Проверьте, запущена ли она в терминале.",
    "reached": "Программа снова отвечает.",
    "login_title": "Вход",
    "login_open": "Откройте ссылку из терминала или вставьте ключ этой установки. Он хранится в файле "
    "outputs/compose/token.",
    "login_used": "Эта ссылка уже использована или её срок истёк.",
    "login_wrong": "Неверный ключ.",
    "login_token": "Ключ",
    "login_go": "Открыть страницу",
    "opened": "Вход выполнен.",
    "opened_go": "Продолжить",
}
LANGUAGES: Mapping[str, Texts] = {"en": ENGLISH, "ru": RUSSIAN}
# How requests are typed, by language and form.
EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "rough": "piers: i need the ladder back before sunday, it is for the chapel lamp",
        "order": "Ask Piers to bring the ladder back before Sunday, because of the chapel lamp",
    },
    "ru": {
        "rough": "савва: верни лестницу до воскресенья, она нужна для лампы",
        "order": "Попроси Савву вернуть лестницу до воскресенья: она нужна для лампы",
    },
}


def texts_of(language: str) -> Texts:
    """The texts of a language of `choose_language`."""
    return LANGUAGES[language]


def choose_language(asked: str, accepted: str) -> str:
    """The language of the page: 'en' or 'ru'.

    Args:
        asked: The language that a link asks for; another one than these is ignored.
        accepted: The browser's Accept-Language header, in which the first known language wins.
    """
    if asked in LANGUAGES:
        return asked
    for part in accepted.split(","):
        language = part.strip()[:2].lower()
        if language in LANGUAGES:
            return language
    return "en"


def typed_form(forms: Sequence[str]) -> str:
    """The form of request that the model at hand was trained on; the rough form if that is unknown."""
    return forms[0] if forms and forms[0] in EXAMPLES["en"] else "rough"
