# Prints made-up house prices: a formula, noise from a small generator of its own, and nothing else, so that every awk
# prints the same file. awk -f generate.awk > houses.csv
function uniform()
{
    seed = (seed * 16807) % 2147483647
    return seed / 2147483647
}
function normal(sum, i)
{
    for (i = 0; i < 12; i++)
        sum += uniform()
    return sum - 6
}
BEGIN {
    seed = 20240601
    print "area_m2,rooms,age_years,distance_km,garden_m2,price"
    for (house = 0; house < 400; house++) {
        area = int(40 + 160 * uniform())
        rooms = int(area / 28 + 1.5 * uniform()) + 1
        age = int(90 * uniform())
        distance = int(250 * uniform()) / 10
        garden = uniform() < 0.4 ? 0 : int(600 * uniform())
        price = 60000 + 2100 * area + 6000 * rooms - 700 * age - 3200 * distance + 60 * garden + 15000 * normal()
        if (price < 30000)
            price = 30000
        printf "%d,%d,%d,%.1f,%d,%d\n", area, rooms, age, distance, garden, int(price / 500 + 0.5) * 500
    }
}
