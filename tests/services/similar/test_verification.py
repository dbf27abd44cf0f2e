import numpy as np

from dam.media.images.small_luma import MAX_DIFFERENCE
from dam.media.images.transforms import Transform
from dam.models import ImageLumaComponent
from dam.services.components import ecs
from dam.services.library import Library
from dam.services.similar.verification import verify_pairs, verify_query
from tests.media.pictures import picture
from tests.media.test_small_luma import luma_of


def test_pairs_and_a_query(library: Library) -> None:
    image = picture(size=(96, 96))
    plain = np.full(256, 200, np.uint8)
    lumas = [
        luma_of(image),
        luma_of(image.resize((40, 40))),
        luma_of(picture(seed=2)),
        plain,
        luma_of(image.rotate(270)),
    ]
    with library.write() as session:
        ids = np.array(ecs.add_entities(session, 6))
        rows = [{"entity_id": id_, "luma": luma.tobytes()} for id_, luma in zip(ids.tolist(), lumas, strict=False)]
        ecs.put_rows(session, ImageLumaComponent, rows)
    with library.read() as session:
        first = np.full(5, ids[0])
        found = verify_pairs(session, first, ids[1:])
        turned = verify_pairs(session, first[:1], ids[4:5], [Transform.ROTATED_90])
        done = [Transform.NONE] * 3 + [Transform.ROTATED_90] * 2
        asked = verify_query(session, lumas[0], ids[1:], done)
        assert verify_pairs(session, ids[:0], ids[:0]).plain.tolist() == []
        assert np.isnan(verify_query(session, None, ids[1:], done).differences).all()
    assert (found.differences <= MAX_DIFFERENCE).tolist() == [True, False, False, False, False]
    assert found.plain[:4].tolist() == [False, False, True, False]
    assert np.isnan(found.differences).tolist() == [False] * 4 + [True]
    assert (turned.differences <= MAX_DIFFERENCE).tolist() == [True]
    assert (asked.differences <= MAX_DIFFERENCE).tolist() == [True, False, False, True, False]
    assert asked.plain[:4].tolist() == [False, False, True, False]
