from email_assistant.requests.request_form import with_quoted_mail


def test_the_mail_to_answer_is_quoted_below_the_instruction() -> None:
    assert with_quoted_mail("Say yes", None) == with_quoted_mail("Say yes", "") == "Say yes"
    assert with_quoted_mail("Say yes", "Noon?\n\nJane") == "Say yes\n\n> Noon?\n>\n> Jane"
