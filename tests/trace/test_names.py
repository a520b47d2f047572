"""What the entries of a network are called."""

from mlp_lab.trace.names import course_names, entry_name, tensor_shapes


def test_names_of_the_course() -> None:
    """theta_ij from input i to unit j, theta_0j a bias; phi_j from unit j to y."""
    names = course_names([2, 3, 1])
    assert len(names) == 2 * 3 + 3 + 3 + 1
    assert names["theta_23"] == ("Omega_0", 1, 2)
    assert names["theta_02"] == ("beta_0", 0, 1)
    assert names["phi_0"] == ("beta_1", 0, 0)
    assert names["phi_3"] == ("Omega_1", 2, 0)


def test_one_more_hidden_layer() -> None:
    """psi_jk leads from unit j of the first layer to unit k of the second."""
    names = course_names([1, 2, 3, 1])
    assert len(names) == (1 + 1) * 2 + (2 + 1) * 3 + 3 + 1
    assert names["theta_12"] == ("Omega_0", 0, 1)
    assert names["psi_11"] == ("Omega_1", 0, 0)
    assert names["psi_23"] == ("Omega_1", 1, 2)
    assert names["psi_03"] == ("beta_1", 0, 2)
    assert names["phi_3"] == ("Omega_2", 2, 0)
    assert names["phi_0"] == ("beta_2", 0, 0)


def test_networks_that_the_course_has_no_names_for() -> None:
    """Other depths, several outputs, and more units than one digit counts."""
    others = ([2, 1], [2, 3, 3, 3, 1], [2, 3, 2], [2, 3, 3, 2], [2, 10, 1])
    assert [course_names(sizes) for sizes in others] == [{}] * len(others)


def test_entries_count_from_one() -> None:
    """By the course's name where there is one, else by tensor and place."""
    assert entry_name([2, 3, 1], "Omega_0", 1, 2) == "theta_23"
    assert entry_name([2, 3, 2], "Omega_0", 1, 2) == "Omega_0[2, 3]"
    assert entry_name([2, 3, 2], "beta_1", 0, 1) == "beta_1[2]"
    assert tensor_shapes([2, 3, 1])["Omega_0"] == (2, 3)
    assert tensor_shapes([2, 3, 1])["beta_1"] == (1, 1)
