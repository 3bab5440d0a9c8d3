"""Listes de noms et de prénoms, par aire d'origine, pour peupler l'académie fictive.

Les listes sont écrites pour la démonstration : aucune n'est tirée d'un fichier de personnes.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["AIRES", "Aire"]


@dataclass(frozen=True, slots=True)
class Aire:
    """Un ensemble de noms et prénoms qui vont ensemble.

    :param poids: fréquence relative de l'aire parmi les personnes.
    :param filles: prénoms des enfants, filles.
    :param garcons: prénoms des enfants, garçons.
    :param femmes: prénoms des adultes, femmes.
    :param hommes: prénoms des adultes, hommes.
    """

    poids: int
    noms: tuple[str, ...]
    filles: tuple[str, ...]
    garcons: tuple[str, ...]
    femmes: tuple[str, ...]
    hommes: tuple[str, ...]


def _aire(poids: int, noms: str, filles: str, garcons: str, femmes: str, hommes: str) -> Aire:
    def liste(texte: str) -> tuple[str, ...]:
        return tuple(mot.strip() for mot in texte.replace("\n", " ").split(",") if mot.strip())

    return Aire(poids, liste(noms), liste(filles), liste(garcons), liste(femmes), liste(hommes))


_FRANCE = _aire(
    58,
    """Martin, Bernard, Dubois, Durand, Moreau, Laurent, Lefebvre, Leroy, Roux, Fournier, Girard, Bonnet,
    Dupont, Lambert, Fontaine, Rousseau, Vincent, Faure, Mercier, Blanc, Guérin, Boyer, Garnier,
    Chevalier, François, Legrand, Gauthier, Perrin, Robin, Clément, Morin, Nicolas, Henry, Roussel,
    Mathieu, Gautier, Masson, Marchand, Duval, Denis, Dumont, Marie, Lemaire, Noël, Meyer, Dufour,
    Meunier, Brun, Blanchard, Giraud, Joly, Rivière, Lucas, Brunet, Gaillard, Barbier, Arnaud, Martinet,
    Gérard, Roche, Renard, Roy, Colin, Vidal, Picard, Caron, Aubert, Roger, Renaud, Fabre, Leclerc,
    Lacroix, Rey, Olivier, Payet, Bourgeois, Guillaume, Philippe, Hubert, Dupuis, Benoît, Maillard,
    Carpentier, Rolland, Charles, Moulin, Deschamps, Étienne, Cousin, Berger, Fleury, Prévost, Lebon,
    Langlois, Boucher, Vasseur, Perrot, Daniel, Pelletier, Jacquet, Barre, Besnard, Chauvin, Delmas,
    Millet, Tessier, Pichon, Leblanc, Poulain, Collet, Hamon, Chapelle, Perret, Ferrand, Bailly, Lebrun,
    Pons, Coulon, Cordier, Gilbert, Weber, Monnier, Reynaud, Marty, Jacob, Buisson, Allard, Besson,
    Blondel, Delaunay, Grondin, Humbert, Ollivier, Paris, Pasquier, Raynaud, Verdier, Baudry, Bouvier,
    Briand, Chartier, Cohen, Couturier, Devaux, Ferry, Gaudin, Hardy, Imbert, Jourdan, Klein, Lacombe,
    Lefort, Levêque, Maury, Navarro, Rivet, Rossignol, Sabatier, Texier, Valentin, Vallet,
    Voisin, Chauveau, Bertin, Bigot, Bodin, Bourdon, Carlier, Charrier, Cheval, Clerc, Courtois,
    Delattre, Descamps, Doré, Évrard, Favre, Ferreol, Forestier, Gay, Godard, Gosselin, Grégoire, Guyot,
    Hervé, Laborde, Lagarde, Lelièvre, Mallet, Maréchal, Ménard, Michaud, Neveu, Normand""",
    """Jade, Louise, Emma, Alice, Ambre, Lina, Rose, Chloé, Mia, Léa, Anna, Julia, Manon, Inès, Camille,
    Zoé, Juliette, Sarah, Lucie, Romane, Léna, Agathe, Jeanne, Charlotte, Clémence, Margaux, Victoire,
    Éléonore, Élise, Lola, Maëlys, Océane, Pauline, Capucine, Anaïs, Apolline, Noémie, Clara, Eva, Lilou,
    Lou-Ann, Mathilde, Constance, Salomé, Lise, Adèle, Élisa, Héloïse, Gabrielle, Célestine, Marie-Lou,
    Anne-Sophie, Marie Lou, Rose-Marie, Zélie, Thaïs, Flore, Garance, Cassandre, Justine, Laura, Ophélie,
    Solène, Faustine, Bérénice, Alix, Sasha, Andréa, Charlie, Maëva, Élodie, Coline, Perrine, Ninon,
    Suzanne, Albane, Fantine""",
    """Gabriel, Léo, Raphaël, Louis, Jules, Arthur, Lucas, Hugo, Adam, Nathan, Maël, Paul, Ethan, Tom,
    Sacha, Noah, Théo, Gabin, Timéo, Mathis, Axel, Antoine, Victor, Martin, Robin, Baptiste, Valentin,
    Clément, Maxime, Alexandre, Simon, Augustin, Côme, Gaspard, Noé, Éloi, Émile, Achille, Marius, Rémi,
    Thomas, Quentin, Samuel, Tristan, Nolan, Enzo, Mathéo, Evan, Lenny, Camille, Alix, Sasha, Charlie,
    Oscar, Malo, Basile, Célestin, Honoré, Jean-Baptiste, Pierre-Louis, Jean Marc, Paul-Émile, Anatole,
    Félix, Armand, Loris, Esteban, Dorian, Bastien, Florian, Guillaume, Benjamin, Corentin, Adrien,
    Romain, Zacharie, Élie""",
    """Isabelle, Nathalie, Sylvie, Catherine, Valérie, Sandrine, Christine, Stéphanie, Céline, Virginie,
    Aurélie, Émilie, Julie, Delphine, Karine, Sophie, Sabrina, Laetitia, Caroline, Hélène, Claire,
    Élodie, Marion, Mélanie, Audrey, Vanessa, Laure, Anne-Laure, Marie-Claire, Florence, Corinne, Agnès,
    Muriel, Véronique, Fabienne, Béatrice, Gaëlle, Cécile, Emmanuelle, Marianne, Magali, Séverine,
    Laurence, Estelle, Charlène, Alexandra, Amandine, Aline, Myriam, Ludivine, Coralie, Nadège, Anne,
    Élisabeth, Bénédicte""",
    """Christophe, Stéphane, Nicolas, David, Sébastien, Frédéric, Laurent, Olivier, Éric, Philippe,
    Thierry, Julien, Jérôme, Cédric, Guillaume, Vincent, Fabrice, Ludovic, Grégory, Mickaël, Franck,
    Arnaud, Benoît, Emmanuel, Pascal, Yannick, Xavier, François, Bruno, Mathieu, Damien, Romain, Anthony,
    Aurélien, Cyril, Jean-Marc, Jean-Philippe, Pierre-Yves, Gilles, Denis, Régis, Hervé, Didier, Gaël,
    Tanguy, Rodolphe, Jonathan, Kévin, Thibault, Florent, Samuel, Raphaël, Sylvain, Dominique, Patrice,
    Rémy, Joël""",
)

_REGIONS = _aire(
    13,
    """Le Gall, Le Goff, Kerbrat, Guéguen, Tanguy, Riou, Le Floc'h, L'Hostis, Quéméner, Cadiou,
    Kermarrec, Le Bihan, Etcheverry, Etxeberria, Harispe, Iriart, Bidegain, Casanova, Mattei, Santoni,
    Ottavi, Leca, Schmitt, Muller, Schneider, Zimmermann, Kieffer, Wagner, Hoffmann, Vandenbroucke,
    Deneuve, Vanhoutte, Delannoy, Hoarau, Grondin, Maillot, Técher, Célestine, Jean-Baptiste, Jean-Louis,
    Zénon, Bélise, Montlouis-Félicité, de La Tour, de Kersauzon, du Plessis-Ferrand, de Saint-Amand,
    d'Aubrac, d'Hauteserre, de Montbrun, Saint-Évraud, L'Hermitte, d'Orsigny, Le Cleac'h, Bost-Larrieu,
    Fouquet-Lavigne, Martin-Delorme, Roux-Chabrier, Petit-Jean, Dal Pozzo""",
    """Maïwenn, Nolwenn, Enora, Rozenn, Gwenn, Lénaïg, Lana, Amaia, Maialen, Lisandra, Vanina, Ghjulia,
    Elsa, Annaëlle, Maëlle, Solenn, Morgane, Bleuenn, Tiphaine, Lou-Anne, Élora, Kéziah, Shaïna, Lyana,
    Maëlya""",
    """Ewen, Titouan, Malo, Yann, Erwan, Loïc, Gwendal, Nolan, Tugdual, Mattin, Peio, Iban, Ange,
    Ghjuvan, Lisandru, Thiébault, Maël, Killian, Ronan, Briac, Goulven, Kélian, Jérémie, Yoann, Evann,
    Mahé""",
    """Nolwenn, Katell, Gwenaëlle, Maud, Soizic, Maïté, Marie-Ange, Vannina, Sylviane, Marie-Josée,
    Gilberte, Rozenn, Armelle, Erika, Astrid, Ingrid, Ghislaine, Tatiana, Marie-Line, Murielle""",
    """Yann, Erwan, Loïc, Ronan, Gwénaël, Alain, Jean-Luc, Xabi, Ange, Dominique, Pierre-Jean, Mathias,
    Hervé, Tugdual, Jean-Yves, Teddy, Olivier, Max, Harry, Miguel""",
)

_MAGHREB = _aire(
    12,
    """Benali, Bensaïd, Bouzid, Haddad, Mansouri, Saïdi, Belkacem, Cherif, Khelifi, Amrani, El Idrissi,
    El Amrani, Bennani, Alaoui, Berrada, Tazi, Ouali, Meziane, Ziani, Hamidi, Rahmani, Brahimi, Slimani,
    Boukhari, Zerrouki, Benkirane, Ait Ouali, Ait Hammou, Trabelsi, Ben Youssef, Ben Salah, Jaziri,
    Chaabane, Gharbi, Dridi, Ferchichi, Mebarki, Taleb, Benchikh, Kaddour, Lahlou, Naciri, Sahli, Toumi,
    Yahiaoui, Messaoudi, Boudjemaa, Hadj Ali, Larbi, Moussaoui, Guedj, Benhamou, Azoulay, Sebbag""",
    """Inaya, Lina, Yasmine, Sarah, Nour, Aya, Maryam, Assia, Jannah, Kenza, Sofia, Amira, Hana, Syrine,
    Lilya, Imène, Fatima-Zahra, Rania, Selma, Malak, Hafsa, Dounia, Ines, Salma, Meriem, Nora, Aïcha,
    Shirine, Noa, Tali""",
    """Adam, Rayan, Ibrahim, Yanis, Amir, Ilyès, Mohamed, Mohamed Amine, Youssef, Imran, Naïm, Sofiane,
    Bilal, Ayoub, Zakaria, Anas, Ismaël, Nassim, Wassim, Yassine, Walid, Hamza, Soulaymane, Abdel-Karim,
    Mehdi, Samy, Idriss, Marwan, Ilan, Nathan""",
    """Fatima, Nadia, Samira, Karima, Leïla, Naïma, Farida, Malika, Khadija, Souad, Zohra, Houria,
    Latifa, Hanane, Siham, Rachida, Nawal, Sonia, Wafa, Amel, Saïda, Yasmina""",
    """Mohamed, Karim, Rachid, Saïd, Ahmed, Abdelkader, Farid, Kamel, Mustapha, Hassan, Nabil, Samir,
    Hakim, Mourad, Abderrahmane, Djamel, Tarek, Khaled, Youcef, Aziz, Noureddine, Slimane""",
)

_AFRIQUE = _aire(
    6,
    """Diallo, Traoré, Coulibaly, Konaté, Diop, Ndiaye, Fall, Camara, Keïta, Touré, Cissé, Sow, Ba,
    Sissoko, Mbemba, Nkounkou, Mukendi, Ilunga, Kabongo, Okoro, Mensah, Kouassi, Koné, Ouattara, Yao,
    N'Guessan, N'Diaye, M'Bala, Bakayoko, Dembélé, Diarra, Sarr, Gueye, Biyong, Essomba, Etoundi, Ngono,
    Abena, Rakotomalala, Randriamihaja, Tshimanga, Ould Ahmed""",
    """Aminata, Fatoumata, Awa, Mariam, Aïssatou, Kadiatou, Grâce, Divine, Naomi, Oumou, Astou, Ramata,
    Déborah, Esther, Salimata, Bintou, Marie-Grâce, Ndeye, Adja, Tiana""",
    """Mamadou, Ousmane, Ibrahima, Moussa, Abdoulaye, Cheikh, Emmanuel, David, Josué, Kylian, Boubacar,
    Issa, Sékou, Aboubacar, Prince, Exaucé, Jérémie, Samuel, Lamine, Tahina""",
    """Aminata, Fatou, Mariama, Awa, Adèle, Béatrice, Clarisse, Rokia, Hawa, Ndèye, Félicité, Chantal,
    Oumou, Assétou, Bibiche, Nadine, Pélagie, Lalao""",
    """Mamadou, Amadou, Ousmane, Moussa, Ibrahima, Jean-Claude, Serge, Alphonse, Bakary, Souleymane,
    Patrick, Blaise, Modeste, Sékou, Cheikh, Demba, Fabrice, Hery""",
)

_SUD = _aire(
    7,
    """Da Silva, Dos Santos, Ferreira, Pereira, Fernandes, Gomes, Lopes, Rodrigues, Oliveira, de Almeida,
    Garcia, Martinez, Lopez, Sanchez, Perez, Gonzalez, Fernandez, Ruiz, Moreno, Torres, Muñoz, Rossi,
    Ferrari, Esposito, Bianchi, Ricci, Marino, Greco, Conti, De Luca, Di Marco, Lombardi, Costa,
    Teixeira, Vaz Correia, Marques Pinto, Garcia-Robledo""",
    """Maria, Lara, Léonor, Beatriz, Carla, Alba, Lucía, Chiara, Giulia, Bianca, Elena, Luana, Mélina,
    Sofia, Inês, Paola, Stella, Alessia""",
    """Diego, Tiago, Rafael, Lorenzo, Matteo, Enzo, Leandro, Mateo, Pablo, Sandro, Luca, Léandro, Dario,
    Marco, João, Paulo, Angelo, Alessio""",
    """Maria, Paula, Ana, Cristina, Isabel, Fernanda, Rosa, Teresa, Carla, Sandra, Patricia, Monica,
    Lucia, Manuela, Graça, Francesca""",
    """José, Manuel, Antonio, Carlos, Paulo, Joaquim, Fernando, Luis, Miguel, Ricardo, Giovanni,
    Salvatore, Marco, Vítor, Nuno, Angelo""",
)

_ORIENT_EST = _aire(
    4,
    """Yılmaz, Kaya, Demir, Özdemir, Şahin, Aydın, Çelik, Arslan, Koç, Doğan, Nguyen, Nguyen-Laforêt,
    Tran, Pham, Le Van, Huynh, Chen, Wang, Zhang, Liu, Singh, Kumar, Sivakumar, Nowak, Kowalski, Wójcik,
    Popescu, Ionescu, Petrov, Ivanova-Brunet, Kovač, Jovanović, Hoxha, Sarkissian, Petrossian, Haddadi,
    Khoury, Ahmadi, Rezaei, O'Connell""",
    """Elif, Zeynep, Defne, Linh, Mai-Anh, Thi Lan, Mei, Yuna, Priya, Anjali, Zofia, Alicja, Ioana,
    Daria, Mila, Anouch, Lusine, Yara, Parisa, Siobhán""",
    """Emre, Kerem, Yusuf, Deniz, Minh, Duc-Anh, Bao, Wei, Jun, Arjun, Jakub, Kacper, Andrei, Luka,
    Milan, Aram, Tigran, Elias, Cyrus, Rohan""",
    """Ayşe, Fatma, Emine, Thi Hoa, Lan, Mei-Ling, Sunita, Agnieszka, Małgorzata, Elena, Mirjana, Anahit,
    Nayla, Shirin, Olga, Irina""",
    """Mehmet, Mustafa, Ali, Van Minh, Thanh, Jian, Rajesh, Piotr, Tomasz, Mihai, Dragan, Hagop, Georges,
    Reza, Sergueï, Patrick""",
)

AIRES: tuple[Aire, ...] = (_FRANCE, _REGIONS, _MAGHREB, _AFRIQUE, _SUD, _ORIENT_EST)
