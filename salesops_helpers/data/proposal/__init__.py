"""A first company.toml for an export that nobody has described yet: recognised, guessed, and marked where guessed."""
