namespace LatentDb.ModelHost.Model.Retrieval;

/// <summary>
/// Oldest first exactly as the official code sorts: numpy's default argsort, reversed (golden README 15). That sort is an unstable quicksort, so
/// rows of equal age come in an order of its own; up to 16 rows it is an insertion sort, and ties are simply reversed. Only a replay wants this.
/// </summary>
/// <remarks>
/// The algorithm is that of numpy 1.24 (npysort/quicksort.cpp, aquicksort) without its heap sort for adversarial inputs; compared with numpy
/// 1.24.2 on 1,200 random lists of up to 3,000 ages. Newer numpy sorts with AVX-512 where it can and leaves ties otherwise.
/// </remarks>
internal static class OfficialAgeOrder
{
    /// <summary>Ranges of up to this many elements more than one are sorted by insertion.</summary>
    private const int SmallRange = 15;

    /// <summary>Indices into <paramref name="ages"/>, largest age first.</summary>
    public static int[] OldestFirst(ReadOnlySpan<long> ages)
    {
        int[] order = new int[ages.Length];
        for (int i = 0; i < order.Length; i++) order[i] = i;
        var pending = new Stack<(int First, int Last)>();
        pending.Push((0, order.Length - 1));
        while (pending.TryPop(out (int First, int Last) range))
        {
            (int first, int last) = range;
            while (last - first > SmallRange)
            {
                int middle = Partition(ages, order, first, last);
                bool rightIsLarger = middle - first < last - middle;
                pending.Push(rightIsLarger ? (middle + 1, last) : (first, middle - 1));
                (first, last) = rightIsLarger ? (first, middle - 1) : (middle + 1, last);
            }

            InsertionSort(ages, order, first, last);
        }

        Array.Reverse(order);
        return order;
    }

    /// <summary>Median of three to the place before the last, then two indices towards each other; returns the pivot's place.</summary>
    private static int Partition(ReadOnlySpan<long> ages, int[] order, int first, int last)
    {
        int middle = first + ((last - first) >> 1);
        if (ages[order[middle]] < ages[order[first]]) Swap(order, middle, first);
        if (ages[order[last]] < ages[order[middle]]) Swap(order, last, middle);
        if (ages[order[middle]] < ages[order[first]]) Swap(order, middle, first);
        long pivot = ages[order[middle]];
        int i = first;
        int j = last - 1;
        Swap(order, middle, j);
        while (true)
        {
            do i++;
            while (ages[order[i]] < pivot);
            do j--;
            while (pivot < ages[order[j]]);
            if (i >= j) break;
            Swap(order, i, j);
        }

        Swap(order, i, last - 1);
        return i;
    }

    private static void InsertionSort(ReadOnlySpan<long> ages, int[] order, int first, int last)
    {
        for (int i = first + 1; i <= last; i++)
        {
            int moved = order[i];
            int place = i;
            for (; place > first && ages[moved] < ages[order[place - 1]]; place--) order[place] = order[place - 1];
            order[place] = moved;
        }
    }

    private static void Swap(int[] order, int a, int b) => (order[a], order[b]) = (order[b], order[a]);
}
