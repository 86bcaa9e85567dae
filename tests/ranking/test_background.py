from commonplace.ranking.background import Background, background, random_queries


def test_the_level_of_a_lane_is_the_score_that_99_in_100_queries_stay_below() -> None:
    found = background([{"text": float(score)} for score in range(200)], chunks=7)
    assert found == Background({"text": 197.0}, 7)


def test_random_queries_are_the_same_each_time_and_have_two_to_six_words() -> None:
    queries = random_queries(["a", "b", "c"])
    assert queries == random_queries(["a", "b", "c"])
    assert {len(query.split()) for query in queries} == {2, 3, 4, 5, 6}


def test_a_background_is_outdated_once_the_collection_changed_by_more_than_a_fifth() -> None:
    level = Background({}, 1000)
    assert not level.outdated(1200)
    assert level.outdated(1201)
    assert level.outdated(799)


def test_a_few_chunks_more_do_not_outdate_a_small_collection() -> None:
    assert not Background({}, 3).outdated(53)
    assert Background({}, 3).outdated(54)
