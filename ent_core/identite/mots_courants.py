"""Ce que les gens choisissent d'abord : mots, prénoms, mois, villes, école et suites de touches, sans accent.

La liste vit hors ligne. Elle complète, en français, les dictionnaires de zxcvbn : un mot qui s'y trouve
ne vaut que son rang.
"""

from __future__ import annotations

__all__ = ["MOTS_COURANTS"]

_SUITES = """
0123456789 123456789 12345678 1234567 123456 12345 1234 987654321 87654321 654321 54321 4321 9876543210
123123 121212 112233 111111 000000 102030 147258369 147258 159753 159357 789456123 789456 456789 246810
azertyuiop azertyui azerty azert aqwzsx qsdfghjklm qsdfgh wxcvbn qwertyuiop qwerty qwertz asdfghjkl
asdfgh zxcvbn abcdefghij abcdef abcde abcd abc123 1a2z3e4r 1q2w3e4r azer
"""

_MOTS = """
motdepasse motdepass passe password passw0rd secret identifiant connexion administrateur admin root
utilisateur bonjour bonsoir salut coucou bienvenue merci jetaime jtaime amour monamour mamour moncoeur
coeur cheri cherie doudou loulou bebe bisous bisou calin chouchou chipie princesse prince ange licorne
nounours poupette soleil etoile lune papillon tournesol coquelicot fleur arcenciel printemps automne
hiver vacances noel chocolat fraise vanille caramel nutella cookie bonbon chat chien lapin cheval dauphin
panda tigre lion loup dragon pirate ninja superman batman spiderman naruto pokemon pikachu minecraft
fortnite roblox mario zelda starwars harrypotter football foot rugby basket tennis judo danse musique
guitare moto voiture ferrari france paris marseille lyon toulouse bordeaux lille nantes nice strasbourg
rennes montpellier bretagne corsica reunion guadeloupe martinique psg ompsg allezlom olympique mbappe
zidane ronaldo messi neymar ecole college lycee eleve professeur prof classe maitresse cantine cartable
pronote educonnect papa maman mamie papy famille maison enfant fille garcon frere soeur mafamille
mesenfants jesus dieu paix liberte egalite fraternite bonheur espoir nicolas julien thomas alexandre
camille marine pauline charlotte juliette chloe manon emma lucas hugo theo louis gabriel raphael nathan
enzo mathis maxime antoine pierre jean marie sophie julie celine sandrine isabelle nathalie valerie
stephanie laura sarah lea ines jade louise alice mohamed yasmine caroline aurelie virginie vanessa jerome
sebastien christophe laurent olivier philippe patrick didier
"""

_CALENDRIER = """
janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre lundi mardi mercredi
jeudi vendredi samedi dimanche rentree toussaint paques pentecote ascension anniversaire naissance
bonneannee
"""

_ECOLE = """
lycee college ecole maternelle primaire sixieme cinquieme quatrieme troisieme seconde premiere terminale
enseignant enseignante principal principale proviseur cpe surveillant surveillante vie scolaire eleves
parents parent classe cours devoirs notes bulletin cahier trousse tableau recreation cantine
gymnase internat francais mathematiques maths anglais allemand espagnol italien histoire geographie
physique chimie svt sport eps musique technologie philosophie brevet bac baccalaureat academie rectorat
education nationale ent espace numerique travail moncompte monmotdepasse nouveaumotdepasse changemoi
changezmoi provisoire temporaire
"""

_PRENOMS = """
adam agathe alain alexis alexia amandine amelie amina anais andre anne annie arthur audrey aurore axel
baptiste benjamin bernard brigitte bruno camelia catherine cecile celia charles chantal christian
christine claire claude clara clement corinne cyril damien daniel david delphine denis dominique dylan
edouard eleonore elias elisa elise emilie emmanuel eric estelle ethan eva fabien fabrice fanny fatima
florence florian francois francoise frederic gabin georges gerard gilles gregory guillaume gwenaelle
helene henri hugues ibrahim imane inaya iris jacqueline jacques jean-pierre jeanne jeremy joel jonathan
jordan joseph josephine julia justine karim karine kevin khadija leo leon leonie lena lina loic lola
loris lorenzo louane lucie ludovic luna madeleine maelle mael malo marc marcel margaux margot marion
martin martine mathieu mathilde matthieu maud melanie melissa michel michele mickael mila milan mireille
mohammed monique morgane myriam nadia nadine nina noa noah noe noemie nour oceane odile olivia omar
pascal paul pauline philippine quentin rachid rayan remi rene richard robin romain romane rose sabrina
salome samia samuel sandra sandy sebastien serge simon sofia solene sonia stephane steven suzanne sylvain
sylvie theodore theophile thierry tiago timeo titouan tom tristan valentin valentine victor victoire
vincent william xavier yanis yann yasmine youssef yves yvette zoe zineb
"""

_FAMILIERS = """
abeille amitie araignee arbre argent avion ballon basketball bateau belle biscuit blanc bleu bonbons
boulangerie caillou camping carotte cerise chameau champion chaton chatte chaussette chouette citron
cochon confiture copain copine couleur crocodile croissant cuisine danseuse elephant etoiles fantome
fleurs framboise fromage galaxie gateau girafe grenouille guepard hamster handball herisson hibou jardin
jaune lapinou lumiere magique maisons mandarine marguerite minou mouton muguet neige nuage nuit orange
oiseau ordinateur ouistiti palmier papaye pizza plage pomme poisson poney portable poule poulet rouge
renard rivage robot rose sable sirene souris sucre telephone tortue tomate toutou tulipe vache velo ville
violet vert zebre
"""

MOTS_COURANTS: tuple[str, ...] = tuple(
    dict.fromkeys(f"{_SUITES} {_MOTS} {_CALENDRIER} {_ECOLE} {_PRENOMS} {_FAMILIERS}".split())
)
"""Du plus essayé au moins essayé : le rang est ce que coûte le mot à qui devine."""
