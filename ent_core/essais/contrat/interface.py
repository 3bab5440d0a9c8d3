"""Ce que la brique montre : menu, vignettes, poids des pages ; ce que l'ouvrir et la fermer font."""

from __future__ import annotations

from ent_core.contrat.donnees import Donnee
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.contrat.socle import Commun
from ent_core.essais.instance import compter_enonces
from ent_core.essais.parcours import Demande, Parcours

__all__ = ["Interface"]


class Interface(Commun):
    """Menu, vignettes, énoncés, exemples, ouverture et fermeture."""

    def test_preparer_deux_fois_ne_change_rien(self, parcours: Parcours) -> None:
        avant = self.lignes(parcours.instance)
        parcours.instance.preparer(parcours.brique)
        assert self.lignes(parcours.instance) == avant

    def test_fermer_garde_les_donnees(self, parcours: Parcours) -> None:
        avant = self.lignes(parcours.instance)
        parcours.instance.fermer(parcours.brique)
        assert self.lignes(parcours.instance) == avant

    def test_le_menu_et_les_vignettes_menent_a_des_pages_permises(self, parcours: Parcours) -> None:
        assert list(parcours.liens_fautifs()) == []

    def test_le_nombre_d_enonces_ne_croit_pas_avec_les_donnees(self, parcours: Parcours) -> None:
        pages = [d for d in parcours.protegees() if d.methode == "GET" and not d.parametres]
        accueil = Demande("GET", "/", {}, "", api=False)
        mesures = [(d, role) for d in pages for role in list(parcours.permis(d))[:1]]
        mesures += [(accueil, role) for role in dict.fromkeys(role for _, role in mesures)]
        avant = [_enonces(parcours, demande, role) for demande, role in mesures]
        for _ in range(4):
            self.remplir(parcours.instance)
        ecarts = [
            f"{demande} : {nombre} énoncés, puis {apres} avec plus de données"
            for (demande, role), nombre in zip(mesures, avant, strict=True)
            if (apres := _enonces(parcours, demande, role)) > nombre
        ]
        assert ecarts == []

    def test_l_accueil_reste_leger(self, parcours: Parcours) -> None:
        accueil = Demande("GET", "/", {}, "", api=False)
        roles = [role for role in parcours.roles() if parcours.instance.uai_de(role) == ECOLE]
        avec = {role: _enonces(parcours, accueil, role) for role in roles}
        parcours.instance.fermer(parcours.brique)
        trop = {
            role: nombre - sans
            for role, nombre in avec.items()
            if nombre - (sans := _enonces(parcours, accueil, role)) > self.enonces_par_accueil
        }
        assert trop == {}, f"plus de {self.enonces_par_accueil} énoncés ajoutés à l'accueil"

    def test_chaque_donnee_personnelle_a_son_exemple(self, parcours: Parcours) -> None:
        lignes = self.lignes(parcours.instance)
        sans_exemple = [
            f"{table.name}.{colonne.name}"
            for table in self.chargee().tables
            for colonne in table.columns
            if isinstance(declaration_colonne(colonne), Donnee)
            and all(ligne[colonne.name] is None for ligne in lignes[table.name])
        ]
        assert sans_exemple == [], "à remplir dans exemples()"


def _enonces(parcours: Parcours, demande: Demande, role: str) -> int:
    client = parcours.client(role)
    demande.envoyer(client)
    with compter_enonces(parcours.instance.base) as enonces:
        demande.envoyer(client)
    # Poser le rôle est l'affaire du noyau : la première vignette le paie pour toutes les briques.
    return sum("set_config('role'" not in enonce for enonce in enonces)
