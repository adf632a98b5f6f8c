"""What is measured of written mails."""
