"""Les droits des personnes : la copie, l'effacement, la restauration, l'opposition, la brique fermée."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import pytest

from ent_core.contrat.donnees import BaseLegale, NatureDepot, Traitement
from ent_core.essais.annuaire import ECOLE
from ent_core.essais.contrat.banc import Banc
from ent_core.essais.contrat.canaris import Semeur
from ent_core.essais.contrat.socle import Commun
from ent_core.socle.erreurs import Introuvable, OperationRefusee
from ent_core.vie_privee.droits import oppositions
from ent_core.vie_privee.droits.oppositions import Voie
from ent_core.vie_privee.droits.verdict import Fondement

__all__ = ["Droits"]

_TENUS = frozenset({NatureDepot.FICHIERS, NatureDepot.CACHE})
"""Endroits qu'une brique tient elle-même, et doit savoir vider."""


class Droits(Commun):
    """Copie, effacement, restauration, opposition."""

    def deposer(self, banc: Banc, personne: UUID, valeur: str) -> None:
        """Met une valeur de cette personne dans les fichiers ou les caches de la brique.

        À écrire si elle déclare un dépôt de fichiers ou de cache ; sinon, rien à faire.

        :param personne: personne concernée.
        :param valeur: canari.
        """

    def deposes(self, banc: Banc) -> str:
        """Tout ce que contiennent les fichiers et les caches de la brique, en texte."""
        return ""

    @pytest.mark.exigence("RGPD-DRO-03")
    def test_la_copie_d_une_personne_a_tout_ce_qui_est_a_elle_et_rien_d_autrui(self, banc: Banc) -> None:
        seme = banc.semer()
        texte, _ = banc.copie(seme.personne)
        assert _absents(seme.attendus("present"), texte) == []
        assert _presents(seme.attendus("absent"), texte) == []
        assert _presents(seme.attendus("relecture"), texte) == [], "un texte libre attend une relecture"
        assert str(seme.autre) not in texte

    @pytest.mark.exigence("RGPD-DRO-04")
    def test_l_effacement_ne_laisse_rien_d_elle_et_ne_touche_pas_aux_autres(self, banc: Banc) -> None:
        seme = self._semer(banc)
        for personne, canari in ((seme.personne, "canari-depot-elle"), (seme.autre, "canari-depot-autre")):
            self.deposer(banc, personne, canari)
        depose = self._tient_des_depots(banc)
        assert not depose or "canari-depot-elle" in self.deposes(banc), "écrire deposer() et deposes()"
        avant = banc.toute_la_base()
        assert [lieu for valeur, lieu in seme.partent().items() if not _est(valeur, avant)] == []
        banc.guichet.effacer(banc.base, seme.personne, Fondement.ILLICITE)
        apres = banc.toute_la_base()
        assert [lieu for valeur, lieu in seme.partent().items() if _est(valeur, apres)] == []
        assert str(seme.personne) not in apres
        assert [lieu for valeur, lieu in seme.partent(part=False).items() if not _est(valeur, apres)] == []
        assert "canari-depot-elle" not in self.deposes(banc)
        assert not depose or "canari-depot-autre" in self.deposes(banc)
        assert _presents(seme.partent(), _fichiers(banc)) == [], "une donnée effacée est dans un fichier"

    def test_effacer_deux_fois_ne_fait_rien_de_plus(self, banc: Banc) -> None:
        seme = self._semer(banc)
        efface = banc.guichet.effacer(banc.base, seme.personne, Fondement.ILLICITE)
        assert efface.total > 0
        apres = banc.toute_la_base()
        with pytest.raises(Introuvable, match=r"pas dans l'annuaire"):
            banc.guichet.effacer(banc.base, seme.personne, Fondement.ILLICITE)
        assert banc.toute_la_base() == apres

    def test_une_restauration_ne_rend_pas_ce_qui_etait_efface(self, banc: Banc) -> None:
        seme = self._semer(banc)
        with banc.puis_revenir():
            banc.guichet.effacer(banc.base, seme.personne, Fondement.ILLICITE)
        revenue = banc.toute_la_base()
        assert [lieu for valeur, lieu in seme.partent().items() if not _est(valeur, revenue)] == []
        guichet = banc.guichet
        assert [a.code for a in guichet.anomalies(banc.base)] == ["EFFACE-001"], "la base s'ouvrirait"
        with banc.base.academie("essai : effacements à refaire") as session:
            inscriptions = guichet.manquants(session).faits
        guichet.rejouer(banc.base, inscriptions)
        assert guichet.anomalies(banc.base) == []
        apres = banc.toute_la_base()
        assert [lieu for valeur, lieu in seme.partent().items() if _est(valeur, apres)] == []
        assert [lieu for valeur, lieu in seme.partent(part=False).items() if not _est(valeur, apres)] == []

    @pytest.mark.exigence("RGPD-DRO-06")
    def test_l_opposition_a_l_effet_que_le_traitement_declare(self, banc: Banc) -> None:
        for traitement in banc.chargee.traitements:
            # Sans rien en dire, une mission de service public ouvre l'opposition (RGPD, article 21).
            ouverte = traitement.base is BaseLegale.MISSION_INTERET_PUBLIC
            if traitement.opposition is not None:
                ouverte = traitement.opposition.possible
            assert _s_opposer(banc, traitement, Voie.PAPIER) is ouverte, traitement.cle

    def test_la_feuille_papier_ne_dit_rien_de_ce_qui_est_enregistre(self, banc: Banc) -> None:
        seme = banc.semer()
        for traitement in banc.chargee.traitements:
            if traitement.opposition is not None and traitement.opposition.papier:
                with banc.base.ecole(ECOLE, "essai : feuille papier") as session:
                    feuille = self.brique.ent_formulaire_papier(
                        session=session, contexte=banc.contexte("cpe"), traitement=traitement.cle,
                        personne_id=seme.personne,
                    )  # fmt: skip
                assert feuille is not None, traitement.cle
                assert feuille.champs, f"{traitement.cle} : rien à remplir"
                assert [c.lieu for c in seme.canaris if c.valeur in repr(feuille)] == []

    def test_fermee_elle_rend_encore_ce_qu_elle_garde(self, banc: Banc) -> None:
        banc.fermer_la_brique()
        seme = banc.semer()
        texte, _ = banc.copie(seme.personne)
        assert _absents(seme.attendus("present"), texte) == []

    @pytest.mark.exigence("RGPD-DRO-01")
    def test_otee_la_copie_a_encore_ses_lignes(self, banc: Banc) -> None:
        if banc.brique == "noyau":
            pytest.skip("le noyau ne s'ôte pas")
        seme = banc.semer()
        banc.oter_la_brique()
        texte, _ = banc.copie(seme.personne)
        assert _absents(seme.attendus("present"), texte) == []
        assert _presents({**seme.attendus("absent"), **seme.attendus("relecture")}, texte) == []
        assert str(seme.autre) not in texte

    def _semer(self, banc: Banc) -> Semeur:
        seme = banc.semer()
        if any(place.table.name == "conservation_gel" for place in banc.places):
            # Un gel semé suspendrait l'effacement : c'est son rôle, mais ce n'est pas ce que l'on éprouve.
            banc.executer("update conservation_gel set leve_le = current_date")
        return seme

    def _tient_des_depots(self, banc: Banc) -> bool:
        depots = {depot.nature for t in banc.chargee.traitements for depot in t.depots}
        return bool(depots & _TENUS) and banc.brique != "noyau"


def _s_opposer(banc: Banc, traitement: Traitement, source: Voie) -> bool:
    """Vrai si l'opposition est accueillie, portée au statut, puis levée."""
    personne = banc.annuaire["eleve"]
    try:
        with banc.base.academie("essai : opposition") as session:
            opposition = oppositions.accueillir(
                session, banc.horloge, traitement, personne, uai=ECOLE, motif="situation particulière",
                source=source, par=None,
            )  # fmt: skip
            numero = opposition.id
            assert opposition.source == source.value
    except OperationRefusee:
        return False
    with banc.base.ecole(ECOLE, "essai : opposition") as session:
        assert oppositions.opposee(session, personne, traitement.cle)
        oppositions.lever(session, banc.horloge, numero, uai=ECOLE, par=None)
        assert not oppositions.opposee(session, personne, traitement.cle)
    return True


def _est(valeur: str, base: str) -> bool:
    """En clair, ou dans un binaire, que la base écrit en hexadécimal."""
    return valeur in base or valeur.encode().hex() in base


def _presents(canaris: Mapping[str, str], texte: str) -> list[str]:
    return [lieu for valeur, lieu in canaris.items() if valeur in texte]


def _absents(canaris: Mapping[str, str], texte: str) -> list[str]:
    return [lieu for valeur, lieu in canaris.items() if valeur not in texte]


def _fichiers(banc: Banc) -> str:
    lus = (chemin.read_bytes() for chemin in banc.dossier.rglob("*") if chemin.is_file())
    return "\n".join(octets.decode(errors="replace") for octets in lus)
