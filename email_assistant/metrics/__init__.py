"""Metrics of generated mails: each score is a function of sums over mails."""
