//! Things one books that are records of their own and not made into a booking.

/// Whether the noun, singular, is one of them: "book an appointment" makes an appointment, "book a bike" a booking.
pub(in crate::stages) fn is_occasion(noun: &str) -> bool {
    const OCCASIONS: &[&str] = &[
        "appointment",
        "meeting",
        "visit",
        "session",
        "lesson",
        "class",
        "event",
        "booking",
        "reservation",
        "order",
        "rental",
        "trip",
        "tour",
        "consultation",
        "viewing",
        "inspection",
        "slot",
        "interview",
        "delivery",
        "repair",
        "service",
    ];
    OCCASIONS.contains(&noun)
}
