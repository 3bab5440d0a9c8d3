"""Le contrat commun à toutes les briques, en une classe dont chaque brique hérite.

La brique donne son module et un exemple de chaque chose qu'elle enregistre ; le contrat fait le reste :
déclarations, base vivante, droits, écoles, copie, effacement, restauration, conservation, preuve, opposition,
ouverture et fermeture, menu, vignettes. Une colonne ajoutée sans exemple, une route ajoutée sans paramètre,
une annotation qui ne s'accorde avec rien font échouer un essai : rien ne s'oublie.
"""

from __future__ import annotations

from ent_core.essais.contrat.acces import Acces
from ent_core.essais.contrat.conservation import Conservation
from ent_core.essais.contrat.declarations import Declarations
from ent_core.essais.contrat.droits import Droits
from ent_core.essais.contrat.interface import Interface
from ent_core.essais.contrat.socle import banc, instance_du_contrat, parcours
from ent_core.essais.contrat.statistiques import Statistiques

__all__ = ["ContratBrique", "banc", "instance_du_contrat", "parcours"]


class ContratBrique(Declarations, Acces, Interface, Droits, Conservation, Statistiques):
    """À hériter dans ``tests/test_contrat.py`` : ``class TestContrat(ContratBrique)``.

    Donner ``brique``, le module, et ``exemples()`` ; et, si la brique tient des fichiers ou un cache,
    ``deposer()`` et ``deposes()``.
    """
