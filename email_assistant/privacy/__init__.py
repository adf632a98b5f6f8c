"""Privacy: the network guard, the vault, and the search for passages of mails."""
