"""What keeps mail on this machine and out of other hands: the network guard and the vault."""
