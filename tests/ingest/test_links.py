import pytest

from commonplace.ingest.links import PictureSources

SOURCES = PictureSources(
    ["site/docs/img/a.png", "site/docs/guide/img/b.png", "site/static/images/c.png", "other/static/images/c.png",
     "site/x/logo.png", "site/y/logo.png", "site/docs/with space.png"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("page", "target", "expected"),
    [
        ("site/docs/page.md", "img/a.png", "site/docs/img/a.png"),
        ("site/docs/page.md", "./img/a.png?raw=true#top", "site/docs/img/a.png"),
        ("site/docs/guide/page.md", "../img/a.png", "site/docs/img/a.png"),
        ("site/docs/guide.md", "img/b.png", "site/docs/guide/img/b.png"),  # published as guide/index.html
        ("site/docs/page.md", "/static/images/c.png", "site/static/images/c.png"),  # relative to the site
        ("site/docs/page.md", "/images/c.png", "site/static/images/c.png"),  # the only one that ends so here
        ("site/docs/page.md", "with%20space.png", "site/docs/with space.png"),
        ("site/docs/page.md", "logo.png", None),  # two end so: a guess would be wrong half the time
        ("site/docs/page.md", "../../../../etc/passwd.png", None),
        ("site/docs/page.md", "https://example.org/docs/img/a.png", None),
        ("site/docs/page.md", "data:image/png;base64,AAAA", None),
        ("site/docs/page.md", "", None),
    ],
)
def test_a_link_means_the_file_that_a_reader_of_the_page_sees(page: str, target: str, expected: str | None) -> None:
    assert SOURCES.find(page, target) == expected
