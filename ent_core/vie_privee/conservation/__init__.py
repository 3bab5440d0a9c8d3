"""Le moteur de conservation : planifier, approuver, exécuter, prouver.

Vocabulaire. *Départ* : le fait qui fait courir une durée. *Échéance* : le jour où la durée est écoulée.
*Ligne* : ce qu'un plan élimine d'une table, dans un établissement, pour une période. *Gel* : ce qui
suspend l'élimination de ce qui concerne une personne. *Lot* : les lignes éliminées en une transaction.
"""
