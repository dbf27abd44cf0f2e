from dam.services.components import ecs
from dam.services.hamming.arrays import ROWS, TABLES, load_hashes
from dam.services.library import Library


def test_all_hashes_are_loaded_in_the_order_of_the_entities(each_library: Library) -> None:
    with each_library.write() as session:
        ids = ecs.add_entities(session, ROWS + 2)
        rows = [{"entity_id": entity_id, "hash_value": f"{2**64 - entity_id:016x}"} for entity_id in reversed(ids)]
        ecs.put_rows(session, TABLES["phash"], rows)
    with each_library.read() as session:
        entity_ids, hashes = load_hashes(session, "phash")
        nobody, nothing = load_hashes(session, "dhash")
    assert entity_ids.tolist() == ids
    assert hashes.tolist() == [2**64 - entity_id for entity_id in ids]
    assert (nobody.size, nothing.size) == (0, 0)
