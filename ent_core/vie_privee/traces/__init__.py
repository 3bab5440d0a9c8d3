"""Les traces : qui a écrit quoi, qui a lu une donnée sensible. Ni valeur, ni surveillance du personnel."""
