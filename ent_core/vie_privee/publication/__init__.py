"""La publication : le registre et les informations aux personnes, tirés des déclarations en vigueur.

Vocabulaire. *Fiche* : un traitement, tel que le modèle de la CNIL le demande. *Rubrique* : une case de la
fiche. *Réponse* : ce que le code ne peut pas savoir, demandé une fois. *Notice* : la même chose, dite aux
personnes.
"""
