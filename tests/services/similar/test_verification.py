import numpy as np

from dam.media.images.transforms import Transform
from dam.models import ImageLumaComponent
from dam.services.catalogue import ecs
from dam.services.library import Library
from dam.services.similar.verification import Look, look_at_pairs, look_at_query
from tests.media.test_small_luma import luma_of, picture


def test_looks_at_pairs_and_at_a_query(library: Library) -> None:
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
        looks = look_at_pairs(session, first, ids[1:])
        turned = look_at_pairs(session, first[:1], ids[4:5], [Transform.ROTATED_90])
        asked = look_at_query(session, lumas[0], ids[1:], [Transform.NONE] * 3 + [Transform.ROTATED_90] * 2)
        assert look_at_pairs(session, ids[:0], ids[:0]).confirmed.tolist() == []
    assert looks.found.tolist() == [Look.SAME, Look.DIFFERENT, Look.PLAIN, Look.DIFFERENT, Look.UNSEEN]
    assert looks.confirmed.tolist() == [True, False, False, False, True]
    assert np.isnan(looks.differences).tolist() == [False] * 4 + [True]
    assert turned.found.tolist() == [Look.SAME]
    assert asked.found.tolist() == [Look.SAME, Look.DIFFERENT, Look.PLAIN, Look.SAME, Look.UNSEEN]
