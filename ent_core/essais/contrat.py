"""Le contrat commun à toutes les briques, en une classe dont chaque brique hérite.

La brique donne son module et un exemple de chaque chose qu'elle enregistre ; le contrat fait le reste :
déclarations, migrations, droits, cloisonnement, ouverture et fermeture, menu, vignettes, gabarits.
Une colonne ajoutée sans exemple, une route ajoutée sans paramètre font échouer un essai : rien ne s'oublie.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from ent_core.chargement.decouverte import BriqueChargee, charger, dossier, verrou_de
from ent_core.chargement.examen import documents, examiner
from ent_core.contrat.donnees import Donnee
from ent_core.contrat.resultats import Anomalie, Niveau
from ent_core.donnees.aller_retour import aller_retour
from ent_core.donnees.base import Base
from ent_core.donnees.colonnes import declaration_colonne
from ent_core.essais.annuaire import AUTRE, ECOLE, RECTORAT, Annuaire
from ent_core.essais.base import Fabrique
from ent_core.essais.fuites import fuites
from ent_core.essais.instance import FabriqueInstance, InstanceEssai, compter_enonces
from ent_core.essais.parcours import Demande, Parcours
from ent_core.vie_privee.controle_declarations import controler
from ent_core.vie_privee.empreinte import canonique
from ent_core.vie_privee.verrou import controler_verrou

__all__ = ["ContratBrique"]


class ContratBrique:
    """À hériter dans ``tests/test_contrat.py`` : ``class TestContrat(ContratBrique)``.

    ``brique`` est le module de la brique ; ``enonces_par_accueil``, ce que ses vignettes peuvent ajouter
    d'énoncés à l'accueil.
    """

    brique: Any
    enonces_par_accueil: int = 3

    def exemples(self, session: Session, annuaire: Annuaire, uai: str) -> Mapping[str, Any]:
        """Crée au moins une ligne de chaque table, chaque donnée personnelle remplie ; peut être rappelée.

        :param session: session de l'académie ; ne pas valider.
        :param annuaire: personnes et divisions inventées.
        :param uai: établissement où créer.
        :returns: une valeur pour chaque paramètre de route (``mot_id`` → identifiant créé).
        """
        return {}

    @pytest.fixture
    def parcours(self, application_avec: FabriqueInstance) -> Parcours:
        """La brique ouverte partout, avec ses exemples dans le premier collège."""
        instance = application_avec(self.brique)
        identifiant = self.brique.ent_manifeste().id
        for uai in (AUTRE, RECTORAT):
            instance.ouvrir(identifiant, uai)
        return Parcours(instance, identifiant, self._remplir(instance))

    def _remplir(self, instance: InstanceEssai) -> dict[str, Any]:
        with instance.base.academie("essai : exemples") as session:
            return dict(self.exemples(session, instance.annuaire, ECOLE))

    def _chargee(self) -> BriqueChargee:
        identifiant = self.brique.ent_manifeste().id
        trouvee = charger([], {identifiant: self.brique}).brique(identifiant)
        assert trouvee is not None, "le manifeste est illisible"
        return trouvee

    # --- Ce que la brique déclare -----------------------------------------------------------

    def test_le_manifeste_nomme_la_brique(self) -> None:
        chargement = charger([], {self.brique.ent_manifeste().id: self.brique})
        assert list(chargement.anomalies) == []
        manifeste = self._chargee().manifeste
        assert manifeste.titre.strip()
        assert manifeste.resume.strip()
        assert manifeste.version.strip()

    def test_chaque_table_et_chaque_colonne_est_declaree(self) -> None:
        brique = self._chargee()
        assert _erreurs(controler([brique.declaration()])) == []
        oubliees = {nom for nom in Base.metadata.tables if nom.startswith(f"{brique.id}_")}
        assert oubliees - {t.name for t in brique.tables} == set(), "à rendre par ent_modeles"

    @pytest.mark.exigence("RGPD-REG-03")
    def test_le_verrou_dit_ce_que_dit_le_code(self) -> None:
        brique = self._chargee()
        chemin = verrou_de(brique)
        assert chemin is not None, "la brique n'a pas de dossier"
        forme = canonique(brique.declaration())
        assert _erreurs(controler_verrou(brique.id, forme, chemin, production=True)) == []

    def test_les_migrations_vont_et_reviennent(self, fabrique_bases: Fabrique) -> None:
        brique = self._chargee()
        noyau = charger([]).distributions
        adresses = fabrique_bases.vide()
        try:
            ecarts = aller_retour(adresses.proprietaire, adresses.application, noyau, brique.distribution())
        finally:
            fabrique_bases.retirer(adresses)
        assert _erreurs(ecarts) == []

    def test_les_sources_suivent_les_regles(self) -> None:
        assert _erreurs(examiner(self._dossier(), self._chargee().id)) == []

    def test_la_brique_se_presente_et_dit_ce_qui_change(self) -> None:
        assert _erreurs(documents(self._dossier())) == []

    def _dossier(self) -> Path:
        return dossier(self.brique)

    # --- Qui ouvre quoi ---------------------------------------------------------------------

    def test_sans_session_rien_ne_s_ouvre(self, parcours: Parcours) -> None:
        client = parcours.instance.application.test_client()
        permis = {302: "/connexion", 401: ""}
        ecarts = [
            f"{demande} → {reponse.status_code}"
            for demande in parcours.protegees()
            for reponse in [demande.envoyer(client)]
            if reponse.status_code != (401 if demande.api else 302)
            or permis[reponse.status_code] not in (reponse.location or "")
        ]
        assert ecarts == []

    def test_un_role_sans_permission_est_refuse(self, parcours: Parcours) -> None:
        ecarts = [
            f"{demande} par {role} → {statut}"
            for demande in parcours.protegees()
            for role in parcours.refuses(demande)
            if (statut := demande.envoyer(parcours.client(role)).status_code) != 403
        ]
        assert ecarts == []

    def test_un_role_permis_ouvre_chaque_route(self, parcours: Parcours) -> None:
        ecarts = []
        for demande in parcours.protegees():
            statuts = {
                role: demande.envoyer(parcours.client(role)).status_code for role in parcours.permis(demande)
            }
            assert statuts, f"{demande} : aucune personne de l'annuaire n'a « {demande.permission} »"
            if demande.methode == "GET":
                ouverte = min(statuts.values()) < 400
            else:  # un corps vide peut être refusé (422), mais pas la personne
                ouverte = set(statuts.values()) != {403}
            if not ouverte or any(s == 401 or s >= 500 for s in statuts.values()):
                ecarts.append(f"{demande} → {statuts}")
        assert ecarts == []

    def test_une_autre_ecole_ne_voit_et_ne_change_rien(self, parcours: Parcours) -> None:
        avant, ecarts = self._lignes(parcours.instance), []
        textes = self._textes(parcours.instance)
        for demande in parcours.protegees():
            for role in parcours.permis(demande):
                if f"{role}_autre" not in parcours.instance.annuaire.personnes:
                    continue
                reponse = demande.envoyer(parcours.client(f"{role}_autre"))
                if demande.parametres and reponse.status_code not in (403, 404, 422):
                    ecarts.append(f"{demande} par {role}, de l'autre collège → {reponse.status_code}")
                ecarts += [f"{demande} montre « {t} » à l'autre collège" for t in textes if t in reponse.text]
        assert ecarts == []
        assert _contient(self._lignes(parcours.instance), avant), "une ligne d'une autre école a changé"

    def test_fermee_ici_elle_n_existe_pas_ici(self, parcours: Parcours) -> None:
        parcours.instance.fermer(parcours.brique)
        ecarts = [
            f"{demande} par {role} → {statut}"
            for demande in parcours.demandes()
            for role in parcours.permis(demande)
            if parcours.instance.uai_de(role) == ECOLE
            and (statut := demande.envoyer(parcours.client(role)).status_code) != 404
        ]
        assert ecarts == []

    @pytest.mark.exigence("RGPD-SEC-02")
    def test_chaque_role_ne_lit_et_n_ecrit_que_ce_qui_lui_est_destine(self, parcours: Parcours) -> None:
        assert list(fuites(parcours.instance.base, self._chargee())) == []

    # --- Ouverture et fermeture -------------------------------------------------------------

    def test_preparer_deux_fois_ne_change_rien(self, parcours: Parcours) -> None:
        avant = self._lignes(parcours.instance)
        parcours.instance.preparer(parcours.brique)
        assert self._lignes(parcours.instance) == avant

    def test_fermer_garde_les_donnees(self, parcours: Parcours) -> None:
        avant = self._lignes(parcours.instance)
        parcours.instance.fermer(parcours.brique)
        assert self._lignes(parcours.instance) == avant

    # --- Ce qu'elle montre ------------------------------------------------------------------

    def test_le_menu_et_les_vignettes_menent_a_des_pages_permises(self, parcours: Parcours) -> None:
        assert list(parcours.liens_fautifs()) == []

    def test_le_nombre_d_enonces_ne_croit_pas_avec_les_donnees(self, parcours: Parcours) -> None:
        pages = [d for d in parcours.protegees() if d.methode == "GET" and not d.parametres]
        accueil = Demande("GET", "/", {}, "", api=False)
        mesures = [(d, role) for d in pages for role in list(parcours.permis(d))[:1]]
        mesures += [(accueil, role) for role in dict.fromkeys(role for _, role in mesures)]
        avant = [self._enonces(parcours, demande, role) for demande, role in mesures]
        for _ in range(4):
            self._remplir(parcours.instance)
        ecarts = [
            f"{demande} : {nombre} énoncés, puis {apres} avec plus de données"
            for (demande, role), nombre in zip(mesures, avant, strict=True)
            if (apres := self._enonces(parcours, demande, role)) > nombre
        ]
        assert ecarts == []

    def test_l_accueil_reste_leger(self, parcours: Parcours) -> None:
        accueil = Demande("GET", "/", {}, "", api=False)
        roles = [role for role in parcours.roles() if parcours.instance.uai_de(role) == ECOLE]
        avec = {role: self._enonces(parcours, accueil, role) for role in roles}
        parcours.instance.fermer(parcours.brique)
        trop = {
            role: nombre - sans
            for role, nombre in avec.items()
            if nombre - (sans := self._enonces(parcours, accueil, role)) > self.enonces_par_accueil
        }
        assert trop == {}, f"plus de {self.enonces_par_accueil} énoncés ajoutés à l'accueil"

    def _enonces(self, parcours: Parcours, demande: Demande, role: str) -> int:
        client = parcours.client(role)
        demande.envoyer(client)
        with compter_enonces(parcours.instance.base) as enonces:
            demande.envoyer(client)
        # Poser le rôle est l'affaire du noyau : la première vignette le paie pour toutes les briques.
        return sum("set_config('role'" not in enonce for enonce in enonces)

    # --- Ce qu'elle enregistre --------------------------------------------------------------

    def test_chaque_donnee_personnelle_a_son_exemple(self, parcours: Parcours) -> None:
        lignes = self._lignes(parcours.instance)
        sans_exemple = [
            f"{table.name}.{colonne.name}"
            for table in self._chargee().tables
            for colonne in table.columns
            if isinstance(declaration_colonne(colonne), Donnee)
            and all(ligne[colonne.name] is None for ligne in lignes[table.name])
        ]
        assert sans_exemple == [], "à remplir dans exemples()"

    def _lignes(self, instance: InstanceEssai) -> dict[str, list[dict[str, Any]]]:
        with instance.base.academie("essai : lecture des tables de la brique") as session:
            return {table.name: list(_lire(session, table)) for table in self._chargee().tables}

    def _textes(self, instance: InstanceEssai) -> set[str]:
        """Textes personnels des exemples, assez longs pour ne pas se trouver ailleurs par hasard."""
        lignes = self._lignes(instance)
        return {
            ligne[colonne.name]
            for table in self._chargee().tables
            for colonne in table.columns
            if isinstance(declaration_colonne(colonne), Donnee)
            for ligne in lignes[table.name]
            if isinstance(ligne[colonne.name], str) and len(ligne[colonne.name]) > 5
        }


def _lire(session: Session, table: Table) -> Iterator[dict[str, Any]]:
    for ligne in session.execute(select(table).order_by(*table.primary_key.columns)):
        yield dict(ligne._mapping)


def _contient(apres: dict[str, list[dict[str, Any]]], avant: dict[str, list[dict[str, Any]]]) -> bool:
    return all(ligne in apres[table] for table, lignes in avant.items() for ligne in lignes)


def _erreurs(anomalies: Iterator[Anomalie] | list[Anomalie]) -> list[str]:
    return [str(anomalie) for anomalie in anomalies if anomalie.niveau is Niveau.ERREUR]
