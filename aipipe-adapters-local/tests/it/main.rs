//! Tests of the local adapters on the real file system.

#[cfg(test)]
mod artifacts;
#[cfg(all(test, feature = "failpoints"))]
mod crash;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod processes;
#[cfg(test)]
mod records;
#[cfg(test)]
mod records_damage;
