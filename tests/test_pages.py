from pathlib import Path

from email_assistant.pages import plot_scores, write_report

SCORES = {"bleu": 1.0, "chrf": 2.0, "mauve": 0.5, "length_ratio": 1.0, "ended": 1.0}


def test_what_a_mail_holds_is_shown_as_text(tmp_path: Path) -> None:
    line = {
        "instruction": "<script>alert(1)</script>",
        "email": "<img src=x>",
        "base": "a",
        "tuned": "{{ 7 * 7 }} & </div>",
    }
    report = {"mails": 1, "arms": {"base": SCORES, "tuned": SCORES}, "signatures": {"bleu": "s"}}
    write_report(tmp_path / "r.html", report, [line])
    page = (tmp_path / "r.html").read_text()
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "{{ 7 * 7 }} &amp; &lt;/div&gt;" in page
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert "http://" not in page
    assert "https://" not in page


def test_the_plot_is_a_picture(tmp_path: Path) -> None:
    plot_scores(tmp_path / "p.png", {"base": SCORES, "few_shot": SCORES})
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
