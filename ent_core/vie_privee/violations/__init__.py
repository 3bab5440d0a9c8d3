"""Les violations de données : les connaître, les documenter, les notifier à temps, prévenir les personnes."""
