//! Walking through a drawing by keys: from node to node along its strongest edge, and from edge to edge of a node.

use circuitscope_core::sort::sort_by;

use crate::scene::{Scene, Stop, StopLink};

/// What is pointed at or looked into, by the names that the drawing's elements carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A node's name; the same at all token positions.
    Node(String),
    /// An edge's name, with its position in front where it has one.
    Edge(String),
}

/// A step of the walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Along the flow.
    On,
    /// Against the flow.
    Back,
    /// To the box before in the column, or the edge before of the node.
    Up,
    Down,
    /// From a node to its strongest edge, or from an edge to the node that it was reached from.
    Edges,
}

/// Where the walk is: a stop, and one of its links where it went on to its edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub stop: usize,
    pub link: Option<usize>,
}

/// Where a step leads; `None` where there is nothing to walk through. The first step leads to the first box.
pub fn step(scene: &Scene, at: Option<Place>, step: Step) -> Option<Place> {
    let Some(place) = at.filter(|place| place.stop < scene.stops.len()) else {
        return first(scene).map(|stop| Place { stop, link: None });
    };
    let to = |stop: usize| Place { stop, link: None };
    match (step, place.link) {
        (Step::Edges, None) => links_of(scene, place.stop).first().map(|&link| Place { link: Some(link), ..place }),
        (Step::Edges, Some(_)) => Some(to(place.stop)),
        (Step::Up | Step::Down, Some(link)) => {
            beside(&links_of(scene, place.stop), link, step).map(|link| Place { link: Some(link), ..place })
        }
        (Step::Up | Step::Down, None) => beside(&column_of(scene, place.stop), place.stop, step).map(to),
        (Step::On, Some(link)) => scene.links.get(link).map(|link| to(link.dest)),
        (Step::Back, Some(link)) => scene.links.get(link).map(|link| to(link.src)),
        (Step::On, None) => strongest(scene, |link| link.src == place.stop).map(|link| to(link.dest)),
        (Step::Back, None) => strongest(scene, |link| link.dest == place.stop).map(|link| to(link.src)),
    }
    .or(Some(place))
}

/// The place of a target, where it is drawn.
pub fn place_of(scene: &Scene, target: &Target) -> Option<Place> {
    match target {
        Target::Node(name) => {
            let stop = scene.stops.iter().position(|stop| stop.name == *name)?;
            Some(Place { stop, link: None })
        }
        Target::Edge(name) => {
            let link = scene.links.iter().position(|link| link.name == *name)?;
            Some(Place { stop: scene.links[link].src, link: Some(link) })
        }
    }
}

/// What is at a place.
pub fn target_of(scene: &Scene, place: Place) -> Option<Target> {
    match place.link {
        Some(link) => Some(Target::Edge(scene.links.get(link)?.name.clone())),
        None => Some(Target::Node(scene.stops.get(place.stop)?.name.clone())),
    }
}

/// The first box of the first column.
fn first(scene: &Scene) -> Option<usize> {
    let key = |stop: &Stop| (stop.column, stop.across);
    let stops = scene.stops.iter().enumerate();
    stops.min_by(|(_, a), (_, b)| key(a).0.cmp(&key(b).0).then(a.across.total_cmp(&b.across))).map(|(i, _)| i)
}

/// The links of a stop, strongest first.
fn links_of(scene: &Scene, stop: usize) -> Vec<usize> {
    let mut links: Vec<usize> =
        (0..scene.links.len()).filter(|&i| scene.links[i].src == stop || scene.links[i].dest == stop).collect();
    sort_by(&mut links, |&a, &b| scene.links[b].strength.total_cmp(&scene.links[a].strength).then(a.cmp(&b)));
    links
}

/// The stops of a stop's column, from the top.
fn column_of(scene: &Scene, stop: usize) -> Vec<usize> {
    let column = scene.stops[stop].column;
    let mut stops: Vec<usize> = (0..scene.stops.len()).filter(|&i| scene.stops[i].column == column).collect();
    sort_by(&mut stops, |&a, &b| scene.stops[a].across.total_cmp(&scene.stops[b].across).then(a.cmp(&b)));
    stops
}

/// The neighbour of an item in a list.
fn beside(list: &[usize], item: usize, step: Step) -> Option<usize> {
    let at = list.iter().position(|&i| i == item)?;
    let next = if step == Step::Up { at.checked_sub(1)? } else { at + 1 };
    list.get(next).copied()
}

fn strongest(scene: &Scene, is_of: impl Fn(&StopLink) -> bool) -> Option<&StopLink> {
    let of = scene.links.iter().filter(|link| is_of(link));
    // Of equal ones the first.
    of.fold(None, |best: Option<&StopLink>, link| match best {
        Some(best) if best.strength >= link.strength => Some(best),
        _ => Some(link),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::SceneParts;

    /// Embed to two heads, the second by the stronger edge, and both to the end.
    fn scene() -> Scene {
        let stop = |name: &str, column, across| Stop { name: name.to_owned(), seq_idx: None, column, across };
        let link = |name: &str, src, dest, strength| StopLink { name: name.to_owned(), src, dest, strength };
        Scene::new(SceneParts {
            stops: vec![stop("E", 0, 50.0), stop("A0.0", 1, 20.0), stop("A0.1", 1, 80.0), stop("U", 2, 50.0)],
            links: vec![
                link("E->A0.0", 0, 1, 1.0),
                link("E->A0.1", 0, 2, 2.0),
                link("A0.0->U", 1, 3, 1.0),
                link("A0.1->U", 2, 3, 3.0),
            ],
            ..SceneParts::default()
        })
    }

    fn walk(steps: &[Step]) -> Option<Target> {
        let scene = scene();
        let place = steps.iter().fold(None, |place, &next| step(&scene, place, next));
        place.and_then(|place| target_of(&scene, place))
    }

    #[test]
    fn arrows_follow_the_strongest_edge_and_stay_where_there_is_none() {
        let node = |name: &str| Some(Target::Node(name.to_owned()));
        use Step::{Back, Down, On, Up};
        assert_eq!(walk(&[On]), node("E"));
        assert_eq!(walk(&[On, On]), node("A0.1"));
        assert_eq!(walk(&[On, On, Up]), node("A0.0"));
        assert_eq!(walk(&[On, On, Up, Up]), node("A0.0"));
        assert_eq!(walk(&[On, On, Down, On, On]), node("U"));
        assert_eq!(walk(&[On, On, On, Back]), node("A0.1"));
    }

    #[test]
    fn the_edges_of_a_node_are_walked_strongest_first() {
        let edge = |name: &str| Some(Target::Edge(name.to_owned()));
        use Step::{Down, Edges, On};
        assert_eq!(walk(&[On, Edges]), edge("E->A0.1"));
        assert_eq!(walk(&[On, Edges, Down]), edge("E->A0.0"));
        assert_eq!(walk(&[On, Edges, Down, On]), Some(Target::Node("A0.0".to_owned())));
        assert_eq!(walk(&[On, Edges, Edges]), Some(Target::Node("E".to_owned())));
    }

    #[test]
    fn nothing_is_walked_where_there_is_nothing() {
        let empty = Scene::new(SceneParts::default());
        assert_eq!(step(&empty, None, Step::On), None);
        assert_eq!(place_of(&scene(), &Target::Edge("A0.0->U".to_owned())), Some(Place { stop: 1, link: Some(2) }));
    }
}
