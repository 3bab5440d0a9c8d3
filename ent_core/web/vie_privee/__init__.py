"""La vie privée dans les pages : le registre, la conservation, les droits des personnes."""
