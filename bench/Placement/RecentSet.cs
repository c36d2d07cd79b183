namespace LatentDb.Placement;

/// <summary>What was touched last, up to a number.</summary>
internal sealed class RecentSet(int capacity)
{
    private readonly Dictionary<int, LinkedListNode<int>> _places = [];
    private readonly LinkedList<int> _order = [];

    /// <summary>True when it was there; now it is the newest.</summary>
    public bool Touch(int item)
    {
        bool isThere = _places.TryGetValue(item, out LinkedListNode<int>? node);
        if (isThere)
        {
            _order.Remove(node!);
        }
        else if (_places.Count >= capacity)
        {
            _places.Remove(_order.First!.Value);
            _order.RemoveFirst();
        }

        _places[item] = _order.AddLast(item);
        return isThere;
    }
}
