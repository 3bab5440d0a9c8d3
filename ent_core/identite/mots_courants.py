"""Ce que les gens choisissent d'abord : mots, prénoms, villes et suites de touches, sans accent.

La liste est courte et vit hors ligne : elle arrête les premiers essais d'un camarade ou d'un
robot, le freinage arrête les suivants.
"""

from __future__ import annotations

__all__ = ["MOTS_COURANTS"]

_SUITES = """
0123456789 123456789 12345678 1234567 123456 12345 1234 987654321 87654321 654321 54321 4321 9876543210
123123 121212 112233 111111 000000 102030 147258369 147258 159753 159357 789456123 789456 456789 246810
azertyuiop azertyui azerty azert aqwzsx qsdfghjklm qsdfgh wxcvbn qwertyuiop qwerty qwertz asdfghjkl asdfgh
zxcvbn abcdefghij abcdef abcde abcd abc123 1a2z3e4r 1q2w3e4r azer
"""

_MOTS = """
motdepasse motdepass passe password passw0rd secret identifiant connexion administrateur admin root
utilisateur bonjour bonsoir salut coucou bienvenue merci jetaime jtaime amour monamour mamour moncoeur coeur
cheri cherie doudou loulou bebe bisous bisou calin chouchou chipie princesse prince ange licorne nounours
poupette soleil etoile lune papillon tournesol coquelicot fleur arcenciel printemps automne hiver vacances
noel chocolat fraise vanille caramel nutella cookie bonbon chat chien lapin cheval dauphin panda tigre lion
loup dragon pirate ninja superman batman spiderman naruto pokemon pikachu minecraft fortnite roblox mario
zelda starwars harrypotter football foot rugby basket tennis judo danse musique guitare moto voiture ferrari
france paris marseille lyon toulouse bordeaux lille nantes nice strasbourg rennes montpellier bretagne
corsica reunion guadeloupe martinique psg ompsg allezlom olympique mbappe zidane ronaldo messi neymar ecole
college lycee eleve professeur prof classe maitresse cantine cartable pronote educonnect papa maman mamie
papy famille maison enfant fille garcon frere soeur mafamille mesenfants jesus dieu paix liberte egalite
fraternite bonheur espoir nicolas julien thomas alexandre camille marine pauline charlotte juliette chloe
manon emma lucas hugo theo louis gabriel raphael nathan enzo mathis maxime antoine pierre jean marie sophie
julie celine sandrine isabelle nathalie valerie stephanie laura sarah lea ines jade louise alice mohamed
yasmine caroline aurelie virginie vanessa jerome sebastien christophe laurent olivier philippe patrick
didier
"""

MOTS_COURANTS: tuple[str, ...] = tuple(sorted(set((_SUITES + _MOTS).split()), key=lambda m: (-len(m), m)))
"""Du plus long au plus court, pour retirer « azertyuiop » avant « azerty »."""
